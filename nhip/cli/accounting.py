"""`nhip accounting`: what became of every reading that was received."""

from enum import StrEnum
from typing import Annotated

import typer

from nhip.cli.output import JsonOption, print_json, print_table

_COUNTS = ("messages", "received", "stored", "duplicate", "conflict", "quarantined", "rejected")
_HOUR_COLUMNS = ("gateway", "hour", *_COUNTS, "balanced")
_GATEWAY_COLUMNS = ("gateway", *_COUNTS[1:], "balanced", "gap_count", "clock_skew_s", "throttled_count")


class By(StrEnum):
    """What one line sums up."""

    GATEWAY = "gateway"
    HOUR = "hour"


def accounting(
    *,
    gateway: Annotated[str | None, typer.Option(help="Only of this gateway, registered or not.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="First instant of reception; a date is local midnight.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="End, not included.")] = None,
    by: Annotated[
        By, typer.Option(help="A line for each gateway, or for each gateway and hour.")
    ] = By.GATEWAY,
    as_json: JsonOption = False,
) -> None:
    """Show the ledger: received = stored + duplicate + conflict + quarantined + rejected.

    Ends with 1 when the sum does not hold somewhere, which the database should have refused.
    """
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    client = ApiClient.from_environment()
    query: dict[str, object] = {"gateway": gateway, "from": start, "to": end, "group": by.value}
    answer = client.request("GET", "/accounting", query=query)
    sums = {name: answer[name] for name in (*_COUNTS, "balanced")}
    items = answer["items"] if answer["next"] is None else list(client.items("/accounting", query))
    if as_json:
        print_json({**sums, "items": items})
    else:
        for item in items:
            if item["clock_skew_s"] is not None:
                item["clock_skew_s"] = round(item["clock_skew_s"], 1)
        total = {"gateway": "all", **sums}
        print_table([*items, total], _HOUR_COLUMNS if by is By.HOUR else _GATEWAY_COLUMNS)
    if not sums["balanced"]:
        typer.echo("The sum does not hold: see `nhip doctor`.", err=True)
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(accounting)
