"""`nhip up`: the services against a configured broker and database."""

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from nhip.stack.services import Service

_READY_S_MAX: Final = 180.0
_ANY_ADDRESSES: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 # compared, not listened on


def up(
    *,
    run_dir: Annotated[
        Path | None,
        typer.Option(help="Keep pids.json here; by default nowhere.", show_default=False),
    ] = None,
    log_dir: Annotated[
        Path | None,
        typer.Option(help="Let each service write NAME.log here; by default all to standard error."),
    ] = None,
) -> None:
    """Run ingest, process and api against the configured broker and database, and watch them.

    The environment configures them, as each alone: NHIP_STORE_DSN, NHIP_INGEST_MQTT_URL, NHIP_API_PORT.
    """
    from nhip.stack.supervisor import StopRequested, Supervisor, stop_on_signals  # noqa: PLC0415 # heavy imports only inside commands

    services = _services(log_dir)
    with (
        stop_on_signals(),
        nullcontext(str(run_dir)) if run_dir is not None else tempfile.TemporaryDirectory() as folder,
    ):
        supervisor = Supervisor(
            Path(folder) / "pids.json", lambda line: typer.echo(f"nhip: {line}", err=True)
        )
        try:
            for service in services:
                supervisor.start(service)
            for service in services:
                service.wait_ready(_READY_S_MAX)
            typer.echo(f"nhip: all services are ready (PIDs {dict(supervisor.pids)})", err=True)
            supervisor.watch()
        except StopRequested:
            typer.echo("nhip: ending as asked", err=True)
        finally:
            supervisor.stop((("api",), ("process", "ingest")))


def _services(log_dir: Path | None) -> "list[Service]":
    # Every setting is read here first: a wrong one ends the command with a clear line before anything starts.
    from api.settings import ApiSettings  # noqa: PLC0415 # heavy imports only inside commands
    from ingest.settings import IngestSettings  # noqa: PLC0415
    from nhip.stack.services import Service  # noqa: PLC0415
    from processing.settings import ProcessingSettings  # noqa: PLC0415
    from store import StoreSettings  # noqa: PLC0415

    StoreSettings()  # pyright: ignore[reportCallIssue] # from the environment
    ingest = IngestSettings()  # pyright: ignore[reportCallIssue] # from the environment
    processing = ProcessingSettings()
    api = ApiSettings()
    reached_at = "127.0.0.1" if api.host in _ANY_ADDRESSES else api.host

    def log(name: str) -> Path | None:
        return log_dir / f"{name}.log" if log_dir is not None else None

    def probe(port: int, host: str = "127.0.0.1") -> tuple[str, int, str] | None:
        return (host, port, "/readyz") if port != 0 else None

    nothing_added: dict[str, str] = {}
    return [
        Service("ingest", ["ingest"], nothing_added, log("ingest"), probe(ingest.metrics_port)),
        Service("process", ["process"], nothing_added, log("process"), probe(processing.metrics_port)),
        Service("api", ["api"], nothing_added, log("api"), probe(api.port, reached_at)),
    ]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)
