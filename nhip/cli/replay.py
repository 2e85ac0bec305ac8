"""`nhip replay FILE… --mapping M.toml`: history from CSV files through MQTT, as gateways send."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from device_sim.replay import Replay, ReplayProgress
    from device_sim.replay_account import Summary

EXIT_NOT_ALL_ACKNOWLEDGED: Final = 3
EXIT_INTERRUPTED: Final = 130
_PROGRESS_STEPS: Final = 1000


class SpeedError(ValueError):
    """`--speed` is neither a word nor a positive number."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(f"--speed: found {found!r}, expected max, real or a positive number")


def replay(
    *,
    files: Annotated[list[Path], typer.Argument(help="CSV files with a header line.", metavar="FILE…")],
    mapping: Annotated[
        str,
        typer.Option(help="A TOML file, or beijing_air, nab_traffic, water_level.", metavar="M.toml"),
    ],
    speed: Annotated[
        str, typer.Option(help="max, real (the original spacing) or N times faster than real.")
    ] = "max",
    area: Annotated[
        str | None, typer.Option(help="Code of an area that exists, in place of the mapping's.")
    ] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Write every rejected row and cell to this CSV file.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Forget what an interrupted replay has done.")
    ] = False,
    give_up_s: Annotated[
        float, typer.Option(min=1, help="End when nothing was acknowledged for so many seconds.")
    ] = 120.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as one JSON line on standard output.")
    ] = False,
    state_dir: Annotated[
        Path | None, typer.Option(help="Folder of outboxes and credentials (~/.local/state/nhip/replay).")
    ] = None,
    no_register: Annotated[
        bool, typer.Option("--no-register", help="Only publish; register nothing.")
    ] = False,
    api_url: Annotated[str, typer.Option(envvar="NHIP_API_URL")] = "http://127.0.0.1:8000",
    api_key: Annotated[str, typer.Option(envvar="NHIP_API_KEY", show_default=False)] = "",
    mqtt_url: Annotated[str, typer.Option(envvar="NHIP_MQTT_URL")] = "mqtt://127.0.0.1:1883",
) -> None:
    """Replay CSV files over MQTT; sensors, sites, gateways and areas they need are registered on the way.

    An interrupted replay goes on where it was when it is run again; a finished one runs again from the start,
    and the platform counts what it has already as duplicates. Ends with 0 when everything published was
    acknowledged (rejected cells are told, and listed with --rejects), with 3 when not.
    """
    # Heavy imports only inside commands.
    from device_sim.endpoint import parsed_endpoint  # noqa: PLC0415
    from device_sim.mapping_file import load_mapping  # noqa: PLC0415
    from device_sim.registration import RegistryClient  # noqa: PLC0415
    from device_sim.replay import Replay, ReplayOptions  # noqa: PLC0415
    from device_sim.settings import DeviceSimSettings  # noqa: PLC0415
    from nhip.cli.state import state_folder  # noqa: PLC0415
    from nhip.logs import configure_logging  # noqa: PLC0415

    configure_logging(json=False)
    settings = DeviceSimSettings()
    registry = None
    if not no_register:
        registry = RegistryClient(
            api_url,
            api_key,
            timeout_s=settings.api_timeout_s,
            rows_per_request=settings.import_rows_per_request,
        )
    options = ReplayOptions(
        endpoint=parsed_endpoint(mqtt_url),
        state_dir=state_dir or state_folder() / "replay",
        pace=_pace(speed),
        area=area,
        restart=restart,
        stall_s_max=give_up_s,
        rejects=rejects,
    )
    view = _View()
    run = Replay(load_mapping(mapping), files, registry, settings, options, view.show)
    with view:
        summary = asyncio.run(_run(run))
    if as_json:
        typer.echo(json.dumps(summary.as_dict()))
    _tell(summary)
    if not summary.complete:
        sys.exit(EXIT_INTERRUPTED if run.stopped else EXIT_NOT_ALL_ACKNOWLEDGED)


async def _run(run: "Replay") -> "Summary":
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, run.stop)
    return await run.run()


def _pace(speed: str) -> float | None:
    if speed in {"max", "real"}:
        return None if speed == "max" else 1.0
    try:
        pace = float(speed)
    except ValueError:
        pace = 0.0
    if not 0 < pace < float("inf"):
        raise SpeedError(speed)
    return pace


class _View:
    """The progress bar, on standard error."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 # heavy imports only inside commands
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[facts]}"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[Path, Any] = {}

    def __enter__(self) -> None:
        self._progress.start()

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, progress: "ReplayProgress") -> None:
        """Move the bar of a file."""
        task = self._tasks.get(progress.path)
        if task is None:
            task = self._progress.add_task(progress.path.name, total=_PROGRESS_STEPS, facts="")
            self._tasks[progress.path] = task
        rate = progress.acknowledged / progress.elapsed_s if progress.elapsed_s > 0 else 0.0
        # The last tenth of the bar is the wait for acknowledgements.
        acknowledged = progress.acknowledged / progress.published if progress.published else 1.0
        done = 0.9 * progress.fraction + 0.1 * progress.fraction * acknowledged
        facts = (
            f"{progress.rows:,} rows, {progress.acknowledged:,} of {progress.published:,} cells acknowledged"
        )
        self._progress.update(task, completed=done * _PROGRESS_STEPS, facts=f"{facts}, {rate:,.0f}/s")


def _tell(summary: "Summary") -> None:
    from rich.console import Console  # noqa: PLC0415 # heavy imports only inside commands

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    facts = summary.as_dict()
    for account in summary.files:
        rejected = f", {account.rejected:,} rejected" if account.rejected else ""
        resumed = f" (resumed after row {account.resumed_rows:,})" if account.resumed_rows else ""
        console.print(
            f"{account.path}: {account.rows:,} rows{resumed}, {account.cells:,} cells = "
            f"{account.published:,} published + {account.missing:,} missing + {account.rejected:,} rejected; "
            f"{account.acknowledged:,} acknowledged",
            style="yellow" if rejected or not account.finished else "",
            markup=False,
        )
        for reason, count in sorted(account.by_reason.items()):
            console.print(f"  {count:,} x {reason}", markup=False)
        for example in account.examples:
            console.print(f"  {example}", markup=False)
    if summary.stored is not None:
        console.print(
            f"platform: {summary.stored:,} stored, {summary.duplicate:,} duplicate, "
            f"{summary.conflict:,} conflict, {summary.quarantined:,} quarantined",
            markup=False,
        )
    rate = facts["acknowledged"] / summary.elapsed_s if summary.elapsed_s else 0.0
    console.print(f"{summary.elapsed_s:.1f} s, {rate:,.0f} cells/s")
    if summary.trouble is not None:
        console.print(f"not complete: {summary.trouble}", style="red", markup=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)
