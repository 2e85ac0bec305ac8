"""`nhip quarantine …`: what was set aside, why, and what to do about it."""

import base64
import json
import sys
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from nhip.cli.output import JsonOption, print_facts, print_json, print_table

if TYPE_CHECKING:
    from nhip.cli.client import ApiClient

_COLUMNS = ("id", "received_at", "gateway", "sensor", "reason", "reading_count", "status", "detail")
_SUMMARY_COLUMNS = (
    "reason",
    "gateway",
    "status",
    "count",
    "readings",
    "payload_bytes",
    "waiting",
    "first_received_at",
    "last_received_at",
)
_OUTCOME_COLUMNS = ("status", "reason", "gateway", "count", "readings")

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


def summary(
    *,
    gateway: GatewayOption = None,
    sensor: SensorOption = None,
    reason: ReasonOption = None,
    status: Annotated[str, typer.Option(help="open, replayed, discarded or all.")] = "open",
    as_json: JsonOption = False,
) -> None:
    """Count what was set aside by reason and gateway, most readings first."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # as above

    query = {"gateway": gateway, "sensor": sensor, "reason": reason, "status": status}
    items = list(ApiClient.from_environment().items("/quarantine/summary", query))
    if as_json:
        print_json({"items": items})
    else:
        print_table(items, _SUMMARY_COLUMNS)


def show(
    row: Annotated[int, typer.Argument(metavar="ID", help="Id as listed.", min=0)],
    *,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write the kept bytes, exactly, on standard output.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one row with all that was kept of its message."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # as above

    answer = ApiClient.from_environment().request("GET", f"/quarantine/{row}")
    if raw:
        sys.stdout.buffer.write(base64.b64decode(answer["payload_base64"]))
        sys.stdout.buffer.flush()
        return
    if as_json:
        print_json(answer)
        return
    payload = {name: answer.pop(name) for name in ("payload", "payload_base64", "content")}
    print_facts(answer)
    typer.echo()
    content = payload["content"]
    typer.echo(payload["payload"] if content is None else json.dumps(content, ensure_ascii=False, indent=1))


def replay(
    ids: IdArgument = None,
    *,
    gateway: GatewayOption = None,
    sensor: SensorOption = None,
    reason: ReasonOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until the ingester is done, and say what became of them.")
    ] = False,
    wait_s_max: Annotated[
        float, typer.Option(min=0, help="Wait at most so many seconds; then the command ends with 1.")
    ] = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Ask the ingester to take rows in again, after what was wrong has been put right."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # as above
    from nhip.cli.quarantine_progress import Progress, open_rows  # noqa: PLC0415 # as above

    filters = _chosen(ids, {"gateway": gateway, "sensor": sensor, "reason": reason})
    client = ApiClient.from_environment()
    # Which rows it will be has to be known before: a row that was replayed may have another reason then.
    followed = (ids or open_rows(client, filters)) if wait else []
    count = _resolve(client, "replay", ids, filters)
    if not wait:
        if as_json:
            print_json({"count": count})
        else:
            typer.echo(f"{count} rows will be replayed; those that still fail stay open.", err=True)
        return
    outcome = Progress(client, followed).wait(wait_s_max, lambda line: typer.echo(line, err=True))
    if as_json:
        print_json({"count": count, **outcome.as_json()})
    else:
        print_table(outcome.groups, _OUTCOME_COLUMNS)
    if outcome.waiting:
        typer.echo(f"{outcome.waiting} rows still wait: is `nhip ingest` running?", err=True)
        raise typer.Exit(1)


def discard(
    ids: IdArgument = None,
    *,
    gateway: GatewayOption = None,
    sensor: SensorOption = None,
    reason: ReasonOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close rows for good; they stay readable."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # as above

    filters = _chosen(ids, {"gateway": gateway, "sensor": sensor, "reason": reason})
    count = _resolve(ApiClient.from_environment(), "discard", ids, filters)
    if as_json:
        print_json({"count": count})
    else:
        typer.echo(f"{count} rows are discarded.", err=True)


def _chosen(ids: list[int] | None, filters: dict[str, str | None]) -> dict[str, str | None]:
    chosen = any(value is not None for value in filters.values())
    if ids and chosen:
        raise BothChosenError
    if not ids and not chosen:
        raise NothingChosenError
    return filters


def _resolve(client: "ApiClient", action: str, ids: list[int] | None, filters: dict[str, str | None]) -> int:
    if ids:
        return sum(int(client.request("POST", f"/quarantine/{each}/{action}")["count"]) for each in ids)
    return int(client.request("POST", f"/quarantine/{action}", query=filters)["count"])


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="What was set aside and why; replay it or discard it.", no_args_is_help=True)
    group.command("list")(list_rows)
    group.command("summary")(summary)
    group.command("show")(show)
    group.command("replay")(replay)
    group.command("discard")(discard)
    app.add_typer(group, name="quarantine")
