"""`nhip indicator …`: indicators that the city defines itself, from TOML or JSON files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from nhip.cli.output import JsonOption, print_json, print_table

_COLUMNS = ("code", "version", "retired", "title", "unit", "valid_from", "created_by", "reason")
FileArgument = Annotated[Path, typer.Argument(metavar="FILE.toml", exists=True, dir_okay=False)]
CodeArgument = Annotated[str, typer.Argument(help="Code of the definition.")]


def _send(file: Path, reason: str, query: dict[str, object]) -> Any:  # noqa: ANN401 # JSON
    from domain.definitions import DefinitionError, read  # noqa: PLC0415 # heavy imports only inside commands
    from nhip.cli.client import ApiClient  # noqa: PLC0415

    try:
        body = read(file.read_text(encoding="utf-8"), file.name)
    except (DefinitionError, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error)) from error
    answer = {"definition": body, "reason": reason}
    return ApiClient.from_environment().request("POST", "/definitions", body=answer, query=query)


def _row(item: dict[str, Any]) -> dict[str, Any]:
    definition: dict[str, Any] = item["definition"] or {}
    return item | {"title": definition.get("title", {}).get("en"), "unit": definition.get("unit")}


def _print(items: list[dict[str, Any]]) -> None:
    print_table([_row(item) for item in items], _COLUMNS)


def check(file: FileArgument, *, as_json: JsonOption = False) -> None:
    """Say what is wrong with a definition, or show it with every default; nothing is stored."""
    answer = _send(file, "check", {"check": "true"})
    print_json(answer["definition"]) if as_json else _print([answer])


def add(
    file: FileArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why it is made or changed.")],
    as_json: JsonOption = False,
) -> None:
    """Store a definition, or a new version of it; `nhip recompute --indicator CODE` computes the past."""
    answer = _send(file, reason, {})
    print_json(answer) if as_json else _print([answer])


def list_(*, as_json: JsonOption = False) -> None:
    """List the newest version of each definition."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    answer = ApiClient.from_environment().request("GET", "/definitions")
    print_json(answer) if as_json else _print(answer["items"])


def show(code: CodeArgument, *, as_json: JsonOption = False) -> None:
    """Show all versions of a definition, the newest first."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    answer = ApiClient.from_environment().request("GET", f"/definitions/{quote(code, safe='')}")
    print_json(answer) if as_json else _print(answer["items"])


def retire(
    code: CodeArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why it is no longer computed.")],
    as_json: JsonOption = False,
) -> None:
    """Compute a definition no longer; values that exist stay."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    path = f"/definitions/{quote(code, safe='')}/retire"
    answer = ApiClient.from_environment().request("POST", path, body={"reason": reason})
    print_json(answer) if as_json else _print([answer])


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Indicators that the city defines itself.", no_args_is_help=True)
    group.command("check")(check)
    group.command("add")(add)
    group.command("list")(list_)
    group.command("show")(show)
    group.command("retire")(retire)
    app.add_typer(group, name="indicator")
