"""`nhip parameter …`: numbers that indicators ask for, and the values that the city sets."""

from typing import Annotated

import typer

from nhip.cli.output import JsonOption, print_facts, print_json, print_table

_COLUMNS = ("indicator", "name", "unit", "default", "minimum", "maximum", "title_vi", "title_en", "source")
_VALUE_COLUMNS = (
    *("id", "indicator", "name", "value", "unit", "sensor", "site", "area", "valid_from", "source"),
)
_NOTHING = "none"


def list_(
    *,
    indicator: Annotated[str | None, typer.Option(help="Only of this indicator.")] = None,
    values: Annotated[
        bool, typer.Option("--values", help="The values that are set, in place of what is asked for.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List what indicators ask for, with unit, default and limits; with --values, what is set."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    path, columns = ("/parameters/values", _VALUE_COLUMNS) if values else ("/parameters", _COLUMNS)
    query: dict[str, object] = {"indicator": indicator}
    items = list(ApiClient.from_environment().items(path, query))
    print_json({"items": items}) if as_json else print_table(items, columns)


def _number(text: str) -> float | None:
    if text == _NOTHING:
        return None
    try:
        return float(text)
    except ValueError as error:
        message = f"found {text!r}, expected a number or {_NOTHING}"
        raise typer.BadParameter(message, param_hint="VALUE") from error


def set_(
    *,
    indicator: Annotated[str, typer.Argument(help="Code of the indicator.")],
    name: Annotated[str, typer.Argument(help="Name of the parameter.")],
    value: Annotated[str, typer.Argument(help="A number; `none` ends what was set there before.")],
    start: Annotated[str, typer.Option("--from", help="Local day from which it holds, as 2026-01-31.")],
    source: Annotated[str, typer.Option(help="Document, or who decided.")],
    sensor: Annotated[str | None, typer.Option(help="Only for this sensor.")] = None,
    site: Annotated[str | None, typer.Option(help="Only for this site.")] = None,
    area: Annotated[str | None, typer.Option(help="Only in this area and those below it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Set a value from a day on, everywhere unless told where; what it touches is computed again."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    body = {
        "indicator": indicator,
        "name": name,
        "value": _number(value),
        "sensor": sensor,
        "site": site,
        "area": area,
        "valid_from": start,
        "source": source,
    }
    answer = ApiClient.from_environment().request("POST", "/parameters/values", body=body)
    (print_json if as_json else print_facts)(answer)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Parameters of indicators: limits, hours of the day, tariffs and the like.", no_args_is_help=True
    )
    group.command("list")(list_)
    group.command("set")(set_)
    app.add_typer(group, name="parameter")
