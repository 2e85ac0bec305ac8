"""`nhip recompute`: have indicators computed again, by the running engines or right here."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from nhip.cli.output import print_facts, print_json

if TYPE_CHECKING:
    import psycopg

    from processing.executor import Kind
    from processing.jobs import Job
    from processing.recomputing import Selection
    from store import StoreSettings

# Later than any reading can be, and within what every driver can say.
_END_OF_TIME: Final = datetime(9000, 1, 1, tzinfo=UTC)
_BEGIN_OF_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXIT_INTERRUPTED: Final = 130
_EXECUTORS: Final = ("inline", "threads", "processes", "dask")


def _instant(option: str, text: str | None, fallback: datetime) -> datetime:
    if text is None:
        return fallback
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        message = (
            f"found {text!r}, expected a date or an instant such as 2026-01-31 or 2026-01-31T07:00+07:00"
        )
        raise typer.BadParameter(message, param_hint=option) from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def recompute(
    *,
    from_: Annotated[
        str | None, typer.Option("--from", help="First instant or date (UTC without an offset).")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="End, exclusive.")] = None,
    area: Annotated[
        str | None, typer.Option("--area", help="Only sensors in this area and below it: its code.")
    ] = None,
    sensor: Annotated[str | None, typer.Option("--sensor", help="Only this sensor: code or number.")] = None,
    indicator: Annotated[
        str | None, typer.Option("--indicator", help="Only sensors that this indicator reads: its code.")
    ] = None,
    job: Annotated[int | None, typer.Option("--job", min=1, help="Go on with this job.")] = None,
    now: Annotated[
        bool, typer.Option("--now", help="Compute here, and do not leave it to the running engines.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, max=1024, help="With --now: so many.")] = 2,
    executor: Annotated[
        str, typer.Option("--executor", help=f"With --now: {', '.join(_EXECUTORS)}.")
    ] = "processes",
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", help="With --executor dask: tcp://host:8786; none starts workers here."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Compute history again; values that stay equal stay untouched.

    Without --now the hours are marked, and the running engines compute them as they do late data. Ctrl-C
    stops after the parts that run; the same command again, or --job, goes on with the rest.
    """
    from processing.recomputing import Selection  # noqa: PLC0415 # heavy imports only inside commands
    from store import StoreSettings, connect  # noqa: PLC0415

    if executor not in _EXECUTORS:
        message = f"found {executor!r}, expected {', '.join(_EXECUTORS)}"
        raise typer.BadParameter(message, param_hint="--executor")
    selection = Selection(
        _instant("--from", from_, _BEGIN_OF_TIME), _instant("--to", to, _END_OF_TIME), sensor, area, indicator
    )
    if selection.start >= selection.end:
        message = f"found {selection.start.isoformat()}, expected an instant before --to"
        raise typer.BadParameter(message, param_hint="--from")
    settings = StoreSettings()  # pyright: ignore[reportCallIssue] # from the environment
    with connect(settings, "nhip recompute", autocommit=True) as connection:
        if dry_run:
            _show(_counted(connection, selection), as_json=json)
            return
        from processing.executor import Kind  # noqa: PLC0415
        from processing.jobs import Mode, find_job, open_job  # noqa: PLC0415

        found = (
            open_job(connection, selection, Mode.COMPUTE if now else Mode.MARK)
            if job is None
            else find_job(connection, job)
        )
        interrupted = _run(connection, settings, found, Kind(executor), workers, scheduler)
        done = find_job(connection, found.id)
    _show(_told(done), as_json=json)
    if interrupted:
        raise typer.Exit(_EXIT_INTERRUPTED)


@contextmanager
def _progress(description: str, total: int, done: int = 0) -> Generator[Callable[[int], None]]:
    """Show a bar on standard error; give what moves it to a number."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(description, total=total, completed=done)

        def move(completed: int) -> None:
            progress.update(task, completed=completed)

        yield move


def _counted(connection: "psycopg.Connection[Any]", selection: "Selection") -> dict[str, Any]:
    from processing.recomputing import count, count_cells, select_sensors  # noqa: PLC0415

    sensor_ids = select_sensors(connection, selection)
    hours = 0
    with _progress("counting hours", len(sensor_ids)) as move:
        for counted, found in count(connection, sensor_ids, selection):
            hours += found
            move(counted)
    cells = count_cells(connection, sensor_ids, selection)
    return {"sensors": len(sensor_ids), "hours": hours, "cells": cells, "dry_run": True}


def _run(
    connection: "psycopg.Connection[Any]",
    settings: "StoreSettings",
    job: "Job",
    kind: "Kind",
    workers: int,
    scheduler: str | None,
) -> bool:
    """Do what is left of the job; return whether Ctrl-C ended it."""
    from processing.executor import Kind, open_executor  # noqa: PLC0415
    from processing.jobs import Mode, Setting, run_job  # noqa: PLC0415
    from processing.settings import ProcessingSettings  # noqa: PLC0415

    # Workers are what runs side by side; an engine with threads of its own would only crowd them.
    rules = ProcessingSettings().model_copy(update={"threads": 1})
    setting = Setting(settings, rules, job.id, job.mode)
    marks = job.mode is Mode.MARK
    used = open_executor(Kind.INLINE if marks else kind, workers, scheduler)
    done = job.done
    try:
        with _progress("marking hours" if marks else "computing", job.parts, done) as move:
            for _ in run_job(connection, setting, used):
                done += 1
                move(done)
    except KeyboardInterrupt:
        typer.echo(f"stopping after the parts that run; go on with: nhip recompute --job {job.id}", err=True)
        return True
    finally:
        used.close()
    return False


def _told(job: "Job") -> dict[str, Any]:
    return {
        "job": job.id,
        "mode": job.mode.value,
        "parts": job.parts,
        "parts_done": job.done,
        "hours": job.hours,
        "facts_changed": job.facts,
        "cells_changed": job.cells,
    }


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        print_facts({name.replace("_", " "): value for name, value in answer.items()})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(recompute)
