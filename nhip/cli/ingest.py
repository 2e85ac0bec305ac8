"""`nhip ingest`: receive from the broker, store, acknowledge."""

import os
from typing import Annotated

import typer


def ingest(
    *,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Be the I-th of N ingesters that share the messages; overrides NHIP_INGEST_SHARD.",
        ),
    ] = None,
    retire: Annotated[
        bool,
        typer.Option(
            "--retire", help="Store what the broker still holds for this shard, end its session, and end."
        ),
    ] = False,
    json_logs: Annotated[
        bool, typer.Option("--json", help="Write the log as one JSON object a line, on standard error.")
    ] = False,
) -> None:
    """Receive readings over MQTT, store them and acknowledge what is committed; ends with SIGTERM or Ctrl-C.

    The environment configures it: NHIP_INGEST_MQTT_URL and NHIP_STORE_DSN are needed, the other NHIP_INGEST_…
    have defaults.
    """
    from ingest.service import run  # noqa: PLC0415 # heavy imports only inside commands
    from ingest.settings import IngestSettings  # noqa: PLC0415
    from nhip.health import serve_health  # noqa: PLC0415
    from nhip.logs import configure_logging  # noqa: PLC0415
    from store import StoreSettings  # noqa: PLC0415

    if shard is not None:
        os.environ["NHIP_INGEST_SHARD"] = shard
    if retire:
        os.environ["NHIP_INGEST_RETIRE"] = "true"
    settings = IngestSettings()  # pyright: ignore[reportCallIssue] # from the environment
    store_settings = StoreSettings()  # pyright: ignore[reportCallIssue] # likewise
    configure_logging(json=json_logs)
    code = run(
        settings,
        store_settings,
        lambda ready: serve_health(settings.metrics_port, ready, host=settings.metrics_host),
    )
    raise typer.Exit(code)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)
