"""`nhip catalogue …`: what U4SSC and ISO ask for, and which indicator gives it. Needs no server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from nhip.cli.output import JsonOption, print_facts, print_json, print_table

if TYPE_CHECKING:
    from domain.catalogue import Catalogue, Entry
    from domain.text import Text

_LANGUAGES: Final = ("vi", "en")
_SET_COLUMNS: Final = ("code", "title", "version", "entries", "whole", "part", "nothing")
_ENTRY_COLUMNS: Final = ("code", "title", "unit", "given", "indicators", "period", "trust", "remark")
LanguageOption = Annotated[str, typer.Option("--language", help="Of the texts: vi or en.")]


def _language(language: str) -> str:
    if language not in _LANGUAGES:
        message = f"found {language!r}, expected vi or en"
        raise typer.BadParameter(message, param_hint="--language")
    return language


def _words(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"vi": text.vi, "en": text.en}


def _summary(found: Catalogue) -> dict[str, Any]:
    from domain.catalogue import Given  # noqa: PLC0415 # heavy imports only inside commands

    return {
        "code": found.code,
        "version": found.version,
        "valid_from": found.valid_from.isoformat(),
        "title": _words(found.title),
        "source": found.source,
        "notes": _words(found.notes),
        **{given.value: found.count(given) for given in Given},
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "code": entry.code,
        "title": _words(entry.title),
        "unit": entry.unit,
        "formula": _words(entry.formula),
        "trust": entry.trust,
        "source": entry.source,
        "given": entry.given.value,
        "indicators": list(entry.indicators),
        "period": entry.period and entry.period.value,
        "needs": _words(entry.needs),
        "missing": _words(entry.missing),
    }


def _row(entry: Entry, language: str) -> dict[str, Any]:
    from domain.catalogue import GIVEN_TITLES, TRUST_TITLES  # noqa: PLC0415 # heavy imports only inside commands

    remark = entry.missing or entry.needs
    return {
        "code": entry.code,
        "title": entry.title.in_language(language),
        "unit": entry.unit,
        "given": GIVEN_TITLES[entry.given].in_language(language),
        "indicators": ", ".join(entry.indicators) or None,
        "period": entry.period and entry.period.value,
        "trust": TRUST_TITLES[entry.trust].in_language(language),
        "remark": remark and remark.in_language(language),
    }


def list_(*, language: LanguageOption = "vi", as_json: JsonOption = False) -> None:
    """List the international sets of indicators, and how much of each is given."""
    from domain.catalogue import catalogue, catalogue_codes  # noqa: PLC0415 # heavy imports only inside commands

    _language(language)
    sets = [catalogue(code) for code in catalogue_codes()]
    if as_json:
        print_json({"items": [_summary(one) for one in sets]})
        return
    rows = [
        _summary(one) | {"title": one.title.in_language(language), "entries": len(one.entries)}
        for one in sets
    ]
    print_table(rows, _SET_COLUMNS)


def show(
    *,
    code: Annotated[str, typer.Argument(help="Code of the set, as u4ssc.")],
    language: LanguageOption = "vi",
    as_json: JsonOption = False,
) -> None:
    """Show every entry of a set: what gives it here, what it needs, or what is missing."""
    from domain.catalogue import catalogue  # noqa: PLC0415 # heavy imports only inside commands

    _language(language)
    found = catalogue(code)
    if as_json:
        print_json(_summary(found) | {"items": [_entry(one) for one in found.entries]})
        return
    print_facts(
        {
            "catalogue": found.title.in_language(language),
            "source": found.source,
            "version": found.version,
            "notes": found.notes.in_language(language),
        }
    )
    print_table([_row(one, language) for one in found.entries], _ENTRY_COLUMNS)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="International sets of indicators (U4SSC, ISO 37120, ISO 37122) and what gives them.",
        no_args_is_help=True,
    )
    group.command("list")(list_)
    group.command("show")(show)
    app.add_typer(group, name="catalogue")
