"""`nhip recompute`: have indicators computed again."""

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from nhip.cli.output import print_json

# Later than any reading can be, and within what every driver can say.
_END_OF_TIME: Final = datetime(9000, 1, 1, tzinfo=UTC)
_BEGIN_OF_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and mark nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Mark hours so that the running engines compute them again; values that stay equal stay untouched."""
    from rich.console import Console  # noqa: PLC0415 # heavy imports only inside commands
    from rich.progress import Progress  # noqa: PLC0415

    from processing.recomputing import Selection, mark, select_sensors  # noqa: PLC0415
    from store import StoreSettings, connect  # noqa: PLC0415

    selection = Selection(
        _instant("--from", from_, _BEGIN_OF_TIME), _instant("--to", to, _END_OF_TIME), sensor, area, indicator
    )
    if selection.start >= selection.end:
        message = f"found {selection.start.isoformat()}, expected an instant before --to"
        raise typer.BadParameter(message, param_hint="--from")
    settings = StoreSettings()  # pyright: ignore[reportCallIssue] # from the environment
    hours = 0
    with connect(settings, "nhip recompute", autocommit=True) as connection:
        sensor_ids = select_sensors(connection, selection)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("marking hours", total=len(sensor_ids))
            for done, marked in mark(connection, sensor_ids, selection, dry_run=dry_run):
                hours += marked
                progress.update(task, completed=done)
    if json:
        print_json({"sensors": len(sensor_ids), "hours": hours, "marked": not dry_run})
    else:
        verb = "would be marked" if dry_run else "marked"
        typer.echo(f"{hours} hours of {len(sensor_ids)} sensors {verb}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(recompute)
