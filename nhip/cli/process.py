"""`nhip process`: turn readings into indicators."""

from typing import Annotated

import typer


def process(
    *,
    json_logs: Annotated[
        bool, typer.Option("--json", help="Write the log as one JSON object a line, on standard error.")
    ] = False,
) -> None:
    """Compute facts and indicators from new, late and corrected readings; ends with SIGTERM or Ctrl-C.

    The environment configures it: NHIP_STORE_DSN is needed, NHIP_PROCESSING_… have defaults. Several may run.
    """
    from nhip.health import serve_health  # noqa: PLC0415 # heavy imports only inside commands
    from nhip.logs import configure_logging  # noqa: PLC0415
    from processing.service import run  # noqa: PLC0415
    from processing.settings import ProcessingSettings  # noqa: PLC0415
    from store import StoreSettings  # noqa: PLC0415

    settings = ProcessingSettings()
    store_settings = StoreSettings()  # pyright: ignore[reportCallIssue] # from the environment
    configure_logging(json=json_logs)
    code = run(
        settings,
        store_settings,
        lambda ready: serve_health(settings.metrics_port, ready, host=settings.metrics_host),
    )
    raise typer.Exit(code)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(process)
