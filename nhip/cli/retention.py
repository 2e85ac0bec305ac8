"""`nhip retention`: how long raw readings are kept."""

import json
import re
from typing import Annotated, Final

import typer

from nhip.cli.database import store_settings

_DAYS: Final = re.compile(r"(\d{1,6})d")
_DAYS_MIN: Final = 400


class KeepError(ValueError):
    """The age is not written as one, or is too short."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(
            f"--keep: found {found!r}, expected a number of days from {_DAYS_MIN}d (gateways may deliver so"
            " late), such as 3650d, or forever"
        )


def retention(
    keep: Annotated[
        str | None, typer.Option(help="How long to keep readings: 3650d, or forever.", show_default=False)
    ] = None,
    dsn: Annotated[
        str | None, typer.Option(help="Connection string; by default NHIP_STORE_DSN.", show_default=False)
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on standard output.")
    ] = False,
) -> None:
    """Say, or set, how long raw readings are kept; processing drops older ones every hour.

    Indicator values and hourly facts are never dropped.
    """
    from store import connect  # noqa: PLC0415 # heavy imports only inside commands
    from store.retention import keep_readings, readings_kept_days  # noqa: PLC0415

    wanted = None if keep is None or keep == "forever" else _days(keep)
    with connect(store_settings(dsn), "nhip retention") as connection:
        if keep is not None:
            keep_readings(connection, wanted)
        days = readings_kept_days(connection)
    if json_output:
        typer.echo(json.dumps({"readings_kept_days": days}))
    else:
        typer.echo(f"Readings are kept {'for ever' if days is None else f'for {days:.0f} days'}.", err=True)


def _days(keep: str) -> int:
    written = _DAYS.fullmatch(keep)
    if written is None or int(written[1]) < _DAYS_MIN:
        raise KeepError(keep)
    return int(written[1])


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(retention)
