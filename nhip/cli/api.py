"""`nhip api`: the HTTP service."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import socket


class PortTakenError(Exception):
    """Somebody listens there already, or we may not."""

    def __init__(self, host: str, port: int, cause: str) -> None:
        self.host = host
        self.port = port
        super().__init__(
            f"cannot listen on {host}:{port} ({cause}); choose another with --port or NHIP_API_PORT"
        )


def api(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on; NHIP_API_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="0 takes a free one; NHIP_API_PORT.")
    ] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log as JSON, for machines.")] = False,
) -> None:
    """Serve the API and the pages until told to stop; the database is NHIP_STORE_DSN."""
    import uvicorn  # noqa: PLC0415 # heavy imports only inside commands

    from api.app import create_app  # noqa: PLC0415 # as above
    from api.settings import ApiSettings  # noqa: PLC0415 # as above
    from nhip.logs import configure_logging  # noqa: PLC0415 # as above
    from store import StoreSettings  # noqa: PLC0415 # as above

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = ApiSettings.model_validate({**ApiSettings().model_dump(), **given})
    store_settings = StoreSettings()  # pyright: ignore[reportCallIssue] # from the environment
    listener = _listener(settings.host, settings.port)
    configure_logging(json=log_json)
    configuration = uvicorn.Config(
        create_app(settings, store_settings),
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        # Slow readers of an export are cut off after this; the promise is an end within ten seconds.
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(configuration).run(sockets=[listener])


def _listener(host: str, port: int) -> "socket.socket":
    import socket  # noqa: PLC0415 # as above

    listener: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise PortTakenError(host, port, error.strerror or str(error)) from error
    return listener


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(api)
