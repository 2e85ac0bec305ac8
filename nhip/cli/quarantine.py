"""`nhip quarantine …`: what was set aside, why, and what to do about it."""

from itertools import islice
from typing import Annotated

import typer

from nhip.cli.output import JsonOption, print_json, print_table

_COLUMNS = ("id", "received_at", "gateway", "sensor", "reason", "reading_count", "status", "detail")

GatewayOption = Annotated[str | None, typer.Option(help="Only of this gateway, registered or not.")]
SensorOption = Annotated[str | None, typer.Option(help="Only of this sensor, by the name its gateway uses.")]
ReasonOption = Annotated[str | None, typer.Option(help="Only with this reason, for example unknown_sensor.")]
IdArgument = Annotated[
    list[int] | None, typer.Argument(metavar="[ID…]", help="Ids as listed.", show_default=False)
]


class NothingChosenError(ValueError):
    """Neither ids nor a filter."""

    def __init__(self) -> None:
        super().__init__("found neither ids nor a filter, expected ids, --gateway, --sensor or --reason")


class BothChosenError(ValueError):
    """Ids and a filter at once."""

    def __init__(self) -> None:
        super().__init__("found ids and a filter, expected either ids, or --gateway, --sensor and --reason")


def list_rows(
    *,
    gateway: GatewayOption = None,
    sensor: SensorOption = None,
    reason: ReasonOption = None,
    status: Annotated[str, typer.Option(help="open, replayed, discarded or all.")] = "open",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest first.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """List what was set aside, newest first."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    query = {"gateway": gateway, "sensor": sensor, "reason": reason, "status": status}
    items = list(islice(ApiClient.from_environment().items("/quarantine", query), limit))
    if as_json:
        print_json({"items": items})
    else:
        print_table(items, _COLUMNS)


def replay(
    ids: IdArgument = None,
    *,
    gateway: GatewayOption = None,
    sensor: SensorOption = None,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the ingester to take rows in again, after what was wrong has been put right."""
    count = _resolve("replay", ids, {"gateway": gateway, "sensor": sensor, "reason": reason})
    if as_json:
        print_json({"count": count})
    else:
        typer.echo(f"{count} rows will be replayed; those that still fail stay open.", err=True)


def discard(
    ids: IdArgument = None,
    *,
    gateway: GatewayOption = None,
    sensor: SensorOption = None,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close rows for good; they stay readable."""
    count = _resolve("discard", ids, {"gateway": gateway, "sensor": sensor, "reason": reason})
    if as_json:
        print_json({"count": count})
    else:
        typer.echo(f"{count} rows are discarded.", err=True)


def _resolve(action: str, ids: list[int] | None, filters: dict[str, str | None]) -> int:
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # as above

    chosen = any(value is not None for value in filters.values())
    if ids and chosen:
        raise BothChosenError
    if not ids and not chosen:
        raise NothingChosenError
    client = ApiClient.from_environment()
    if ids:
        return sum(int(client.request("POST", f"/quarantine/{each}/{action}")["count"]) for each in ids)
    return int(client.request("POST", f"/quarantine/{action}", query=filters)["count"])


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="What was set aside and why; replay it or discard it.", no_args_is_help=True)
    group.command("list")(list_rows)
    group.command("replay")(replay)
    group.command("discard")(discard)
    app.add_typer(group, name="quarantine")
