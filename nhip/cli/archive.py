"""`nhip archive`: readings to Parquet files and back; `nhip pack`: closed hours in their packed form."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from nhip.cli.database import store_settings
from nhip.cli.output import JsonOption, print_facts, print_json, print_table

DsnOption = Annotated[
    str | None, typer.Option(help="Connection string; by default NHIP_STORE_DSN.", show_default=False)
]


def _local(option: str, text: str, zone: ZoneInfo) -> int:
    from processing.grid import to_us  # noqa: PLC0415 # heavy imports only inside commands

    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"found {text!r}, expected a date or an instant such as 2026-01-31T07:00"
        raise typer.BadParameter(message, param_hint=option) from error
    return to_us(instant if instant.tzinfo else instant.replace(tzinfo=zone))


def export(
    *,
    from_: Annotated[str, typer.Option("--from", help="First instant or date, in --zone.")],
    to: Annotated[str, typer.Option("--to", help="End, exclusive.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the files; made when missing.")],
    zone: Annotated[str, typer.Option("--zone", help="Whose months.")] = "Asia/Ho_Chi_Minh",
    dsn: DsnOption = None,
    json: JsonOption = False,
) -> None:
    """Write readings to Parquet, a file a month, with a manifest of counts and hashes. Nothing is deleted."""
    from processing.archive import export_readings  # noqa: PLC0415
    from processing.arrays import adapt  # noqa: PLC0415
    from store import connect  # noqa: PLC0415

    try:
        local = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"found {zone!r}, expected a time zone such as Asia/Ho_Chi_Minh"
        raise typer.BadParameter(message, param_hint="--zone") from error
    span = _local("--from", from_, local), _local("--to", to, local)
    if span[0] >= span[1]:
        message = f"found {from_!r}, expected an instant before --to"
        raise typer.BadParameter(message, param_hint="--from")
    with connect(store_settings(dsn), "nhip archive", autocommit=True) as connection:
        adapt(connection)
        _show(
            [
                {"name": part.name, "rows": part.rows, "sensors": part.sensors, "sha256": part.sha256}
                for part in export_readings(connection, span, out, zone)
            ],
            as_json=json,
        )


def import_(
    folder: Annotated[Path, typer.Argument(help="Folder with manifest.json.")],
    dsn: DsnOption = None,
    json: JsonOption = False,
) -> None:
    """Check an archive and store those of its readings that are not there; twice does no harm."""
    from processing.archive import import_readings  # noqa: PLC0415
    from processing.arrays import adapt  # noqa: PLC0415
    from store import connect  # noqa: PLC0415

    with connect(store_settings(dsn), "nhip archive", autocommit=True) as connection:
        adapt(connection)
        _show(
            [
                {"name": part.name, "rows": part.rows, "stored": part.stored}
                for part in import_readings(connection, folder)
            ],
            as_json=json,
        )


def _show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json({"files": rows})
    else:
        print_table(rows, list(rows[0]) if rows else ["name", "rows"])


def pack(
    *,
    after_h: Annotated[int, typer.Option("--after-hours", min=1, help="Hours older than this.")] = 72,
    dsn: DsnOption = None,
    json: JsonOption = False,
) -> None:
    """Pack every closed hour that is not packed: history is then computed again many times faster.

    Rows stay until retention drops them; then the packs are what remains of them.
    """
    from processing.arrays import adapt  # noqa: PLC0415
    from processing.columns import NO_INSTANT  # noqa: PLC0415
    from processing.grid import HOUR_US  # noqa: PLC0415
    from processing.packing import Packed, pack_due, pack_some, raise_horizon  # noqa: PLC0415
    from processing.scheduling import read_clock  # noqa: PLC0415
    from store import connect  # noqa: PLC0415

    hours = readings = 0
    with connect(store_settings(dsn), "nhip pack", autocommit=True) as connection:
        adapt(connection)
        until = raise_horizon(connection, read_clock(connection) - after_h * HOUR_US)
        done = Packed(last_hour=NO_INSTANT)
        while (done := pack_some(connection, until, done.last_hour, done.last_sensor)).looked_at:
            hours, readings = hours + done.hours, readings + done.readings
        while (done := pack_due(connection, until)).looked_at:
            hours, readings = hours + done.hours, readings + done.readings
    answer = {"hours": hours, "readings": readings}
    if json:
        print_json(answer)
    else:
        print_facts(answer)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    archive = typer.Typer(no_args_is_help=True, help="Readings to Parquet files and back.")
    archive.command("export")(export)
    archive.command("import")(import_)
    app.add_typer(archive, name="archive")
    app.command()(pack)
