"""`nhip programme …`: the master plan's programmes, and how far the city is."""

from typing import Annotated

import typer

from nhip.cli.output import JsonOption, print_facts, print_json, print_table

_PROGRAMME_COLUMNS = ("code", "title", "document", "area", "valid_from", "valid_to")
_TARGET_COLUMNS = (
    *("group", "indicator", "area", "period", "value", "completeness", "expected", "target", "due_year"),
    *("progress", "verdict", "signed_off", "reason"),
)
_COUNT_COLUMNS = ("group", "level", "targets", "met", "not_met", "no_evidence")
_LANGUAGES = ("vi", "en")


def _language(language: str) -> str:
    if language not in _LANGUAGES:
        message = f"found {language!r}, expected vi or en"
        raise typer.BadParameter(message, param_hint="--language")
    return language


def list_(as_json: JsonOption = False) -> None:
    """List programmes."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    items = list(ApiClient.from_environment().items("/programmes", {}))
    print_json({"items": items}) if as_json else print_table(items, _PROGRAMME_COLUMNS)


def assess(
    *,
    code: Annotated[str, typer.Argument(help="Code of the programme.")],
    year: Annotated[int | None, typer.Option(help="Local year; this one when left out.")] = None,
    rule_set: Annotated[str, typer.Option("--rule-set", help="By which rules.")] = "tt_03_2026",
    language: Annotated[str, typer.Option(help="Of the reasons: vi or en.")] = "vi",
    as_json: JsonOption = False,
) -> None:
    """Assess every target of a programme: đạt, không đạt, or không đạt (thiếu minh chứng), and why."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    _language(language)
    client = ApiClient.from_environment()
    query: dict[str, object] = {"year": year, "rule_set": rule_set}
    answer = client.request("GET", f"/programmes/{code}/assessment", query=query)
    if as_json:
        print_json(answer)
        return
    rules = answer["rule_set"]
    print_facts(
        {
            "programme": f"{answer['title']} ({answer['document']})",
            "year": answer["year"],
            "rule set": f"{rules['title'][language]}, {rules['source']}, version {rules['version']}",
        }
    )
    print_table([item | {"reason": item["reason"][language]} for item in answer["items"]], _TARGET_COLUMNS)
    print_table(answer["counts"], _COUNT_COLUMNS)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Programmes (Đề án) and their assessment.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("assess")(assess)
    app.add_typer(group, name="programme")
