"""What client commands print: JSON for machines, tables for people."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

import typer

_PIPE_WIDTH: Final = 240

JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON on standard output.")]


def print_json(value: object) -> None:
    """Print one JSON line on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def print_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print rows as a table on standard output."""
    from rich.console import Console  # noqa: PLC0415 # 50 ms that `--json` does without
    from rich.table import Table  # noqa: PLC0415 # as above
    from rich.text import Text  # noqa: PLC0415 # as above

    table = Table(box=None, header_style="bold")
    for column in columns:
        table.add_column(column)
    for row in rows:
        # As Text, because square brackets of a unit such as [NTU] would be taken for markup.
        table.add_row(*(Text(_cell(row.get(column))) for column in columns))
    # A pipe has no width; rich would take 80 and cut the columns.
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print one object, a line for each fact."""
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        typer.echo(f"{name:<{width}}  {_cell(value)}")


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
