"""`nhip import FILE.csv`: register and bring up to date many sensors."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from nhip.cli.explanation import EXIT_USER_ERROR
from nhip.cli.output import JsonOption, print_json, print_table
from nhip.cli.sensor_file import FileRow, RowFault, SensorFile, read_sensor_file

if TYPE_CHECKING:
    from nhip.cli.client import ApiClient

_ROWS_PER_REQUEST: Final = 20_000
_FAULTS_SHOWN_MAX: Final = 1_000


def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="Columns gateway, sensor, quantity, unit, interval_s, site, area, latitude, longitude.",
        ),
    ],
    *,
    create: Annotated[
        bool, typer.Option("--create", help="Make gateways, sites and areas that are missing.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing.")] = False,
    archive: Annotated[
        bool, typer.Option("--archive", help="New gateways send history, from 1970 on.")
    ] = False,
    credentials: Annotated[
        bool, typer.Option(help="Give gateways that are made now a password, printed once.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Register and bring up to date many sensors; rows with a fault are left out and listed, status 2."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    found = read_sensor_file(file)
    options = {"create": create, "dry_run": dry_run, "archive": archive, "credentials": credentials}
    counts = {"created": 0, "updated": 0, "unchanged": 0, "rejected": len(found.faults)}
    faults = list(found.faults)
    items: list[dict[str, Any]] = []
    given: list[dict[str, Any]] = []
    for part, answer in _sent(ApiClient.from_environment(), found, options):
        for name, count in answer["counts"].items():
            counts[name] += count
        given += answer["credentials"]
        for item in answer["items"]:
            row = part[item["row"] - 1]
            items.append({**item, "row": row.line})
            if item["error"] is not None:
                faults.append(_fault(row, item["error"], found))
    faults.sort(key=lambda fault: fault.line)
    if as_json:
        errors = [
            {"line": each.line, "column": each.column, "found": each.found, "expected": each.expected}
            for each in faults
        ]
        print_json(
            {"counts": counts, "items": items, "errors": errors, "credentials": given, "dry_run": dry_run}
        )
    else:
        _tell(counts, faults, given, dry_run=dry_run)
    if faults:
        raise typer.Exit(EXIT_USER_ERROR)


def _sent(
    client: "ApiClient", found: SensorFile, options: dict[str, bool]
) -> Iterator[tuple[list[FileRow], dict[str, Any]]]:
    from rich.console import Console  # noqa: PLC0415 # as above
    from rich.progress import track  # noqa: PLC0415 # as above

    starts = range(0, len(found.rows), _ROWS_PER_REQUEST)
    console = Console(stderr=True)
    for start in track(starts, "Importing", console=console, transient=True, disable=len(starts) == 1):
        part = found.rows[start : start + _ROWS_PER_REQUEST]
        body = {"rows": [row.cells for row in part], **options}
        yield part, client.request("POST", "/import", body)


def _fault(row: FileRow, error: dict[str, str], found: SensorFile) -> RowFault:
    column = found.headers.get(error["field"], error["field"])
    return RowFault(row.line, column, error["found"], error["expected"])


def _tell(
    counts: dict[str, int], faults: list[RowFault], given: list[dict[str, Any]], *, dry_run: bool
) -> None:
    for fault in faults[:_FAULTS_SHOWN_MAX]:
        typer.echo(str(fault), err=True)
    if len(faults) > _FAULTS_SHOWN_MAX:
        typer.echo(f"… and {len(faults) - _FAULTS_SHOWN_MAX} more", err=True)
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    typer.echo(f"{said}{' (dry run: nothing was changed)' if dry_run else ''}", err=True)
    if given:
        print_table(given, ("gateway", "username", "password"))
        typer.echo("The passwords are shown this once; they cannot be read again.", err=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_file)
