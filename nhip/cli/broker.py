"""`nhip broker sync`: keep a mosquitto's accounts what the registry says."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer


def sync(
    *,
    password_file: Annotated[Path, typer.Option(help="mosquitto's password_file; written whole.")],
    acl_file: Annotated[Path, typer.Option(help="mosquitto's acl_file; written whole.")],
    service_password_file: Annotated[
        Path, typer.Option(help="File with the password of the service account nhip-ingest.")
    ],
    pid_file: Annotated[
        Path | None, typer.Option(help="mosquitto's pid_file, to tell it of changes.", show_default=False)
    ] = None,
    signal_pid: Annotated[
        int | None,
        typer.Option(help="The broker's process id, in place of --pid-file.", min=1, show_default=False),
    ] = None,
    broker: Annotated[str, typer.Option(help="This broker's name in the registry.")] = "local",
    anonymous: Annotated[
        bool, typer.Option(help="Hear gateways that nobody has registered, without a password.")
    ] = False,
    interval_s: Annotated[float, typer.Option(min=0.5, max=3600, help="Look at least this often.")] = 5.0,
    once: Annotated[bool, typer.Option("--once", help="Write the files once and end.")] = False,
) -> None:
    """Write the broker's accounts and access rules from the registry, and tell it when they change.

    The database is NHIP_STORE_DSN; the role nhip_api is enough.
    """
    from nhip.logs import configure_logging  # noqa: PLC0415 # heavy imports only inside commands
    from nhip.stack.broker_access import AccessFiles  # noqa: PLC0415
    from nhip.stack.broker_reconciler import BrokerReconciler, hang_up_process  # noqa: PLC0415
    from nhip.stack.errors import ConfigurationError  # noqa: PLC0415
    from store import StoreSettings, connect  # noqa: PLC0415

    configure_logging(json=True)
    password = service_password_file.read_text(encoding="utf-8").strip()
    if not password:
        raise ConfigurationError(name="--service-password-file", found="an empty file", expected="a password")
    reconciler = BrokerReconciler(
        settings=StoreSettings(),  # pyright: ignore[reportCallIssue] # from the environment
        files=AccessFiles(
            passwords=password_file, access=acl_file, service_password=password, anonymous=anonymous
        ),
        reload=lambda: hang_up_process(signal_pid, pid_file),
        broker=broker,
        interval_s=interval_s,
    )
    if once:
        with connect(reconciler.settings, "nhip-broker-access", autocommit=True) as connection:
            reconciler.reconcile(connection)
        return
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    reconciler.run(stop)


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="The MQTT broker's accounts.", no_args_is_help=True)
    group.command("sync")(sync)
    app.add_typer(group, name="broker")
