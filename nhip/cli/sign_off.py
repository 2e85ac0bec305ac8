"""`nhip sign-off …`: closed values under a signature, and what would change them."""

from typing import Annotated

import typer

from nhip.cli.output import JsonOption, print_json, print_table

_COLUMNS = (
    *("id", "indicator", "subject", "period", "period_start", "revision", "value", "verdict", "signed_by"),
    *("signed_at", "reason"),
)
_PROPOSAL_COLUMNS = (
    *("id", "indicator", "subject", "period", "period_start", "signed_value", "value", "completeness"),
    *("verdict", "proposed_at"),
)


def _named(items: list[dict[str, object]]) -> list[dict[str, object]]:
    return [item | {"subject": _code(item["subject"])} for item in items]


def _code(subject: object) -> object:
    return subject["code"] if isinstance(subject, dict) else subject


def list_(
    *,
    indicator: Annotated[str | None, typer.Option(help="Only of this indicator.")] = None,
    area: Annotated[str | None, typer.Option(help="Only of this area.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List signatures under values."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    query: dict[str, object] = {"indicator": indicator, "area": area}
    items = list(ApiClient.from_environment().items("/sign-offs", query))
    print_json({"items": items}) if as_json else print_table(_named(items), _COLUMNS)


def add(
    *,
    indicator: Annotated[str, typer.Argument(help="Code of the indicator.")],
    period: Annotated[str, typer.Option(help="hour, day, month, quarter or year.")],
    start: Annotated[str, typer.Option("--from", help="First period begins here or later.")],
    end: Annotated[str, typer.Option("--to", help="End, not included.")],
    reason: Annotated[str, typer.Option(help="What the signature says, such as the report it stands in.")],
    area: Annotated[str | None, typer.Option(help="Of this area.")] = None,
    site: Annotated[str | None, typer.Option(help="Of this site.")] = None,
    sensor: Annotated[str | None, typer.Option(help="Of this sensor.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Sign off closed values of one subject; from then on they change only by a revision with a reason."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    body = {
        "indicator": indicator,
        "period": period,
        "from": start,
        "to": end,
        "reason": reason,
        "area": area,
        "site": site,
        "sensor": sensor,
    }
    answer = ApiClient.from_environment().request("POST", "/sign-offs", body=body)
    print_json(answer) if as_json else print_table(_named(answer["items"]), _COLUMNS)


def proposals(as_json: JsonOption = False) -> None:
    """List what signed values would be by the data of today."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    items = list(ApiClient.from_environment().items("/proposals", {}))
    print_json({"items": items}) if as_json else print_table(_named(items), _PROPOSAL_COLUMNS)


def accept(
    *,
    proposal: Annotated[int, typer.Argument(help="Id as listed by `nhip sign-off proposals`.")],
    reason: Annotated[str, typer.Option(help="Why the signed value is revised.")],
    as_json: JsonOption = False,
) -> None:
    """Let a proposal take the place of the signed value, as a new signed revision."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    client = ApiClient.from_environment()
    answer = client.request("POST", f"/proposals/{proposal}/accept", body={"reason": reason})
    print_json(answer) if as_json else print_table(_named([answer]), _COLUMNS)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Signed-off values.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("add")(add)
    group.command("proposals")(proposals)
    group.command("accept")(accept)
    app.add_typer(group, name="sign-off")
