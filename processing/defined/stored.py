"""The definitions of the city that are in force, from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import structlog

from domain.definition_checks import check
from domain.definitions import DefinitionError
from processing.context import put_in_force
from processing.defined.compiling import known_of, recipe_of
from processing.indicators import discover
from store import statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import psycopg
    from psycopg.rows import TupleRow

    from processing.indicators.recipes import Recipe

_LOG: Final = structlog.get_logger("processing")


class Stored(NamedTuple):
    """The newest version of a definition."""

    code: str
    version: int
    body: Mapping[str, Any]


def newest_definition(connection: psycopg.Connection[TupleRow]) -> int:
    """Return the number of the version that was written last, of any definition; 0 without any."""
    row = connection.execute(statement("processing", "select_newest_definition")).fetchone()
    return 0 if row is None else int(row[0])


def put_definitions_in_force(connection: psycopg.Connection[TupleRow]) -> None:
    """Make this process compute what the definitions of the database say, beside the files."""
    rows = connection.execute(statement("processing", "select_definitions")).fetchall()
    put_in_force(compiled([Stored(*row) for row in rows]))


def compiled(stored: Sequence[Stored]) -> dict[str, Recipe]:
    """Return code -> recipe of the definitions; one that cannot be computed (any more) is named in the log.

    That happens when the platform itself brings an indicator of that code since, or what it reads is retired.
    """
    recipes = dict(discover())
    found: dict[str, Recipe] = {}
    waiting = list(stored)
    while waiting:
        refused: list[tuple[Stored, str]] = []
        for one in waiting:
            try:
                recipe = recipe_of(check(one.body, known_of(recipes, frozenset(found))), one.version)
            except DefinitionError as error:
                refused.append((one, str(error)))
            else:
                found[one.code] = recipes[one.code] = recipe
        # What reads a definition waits for it; when a round brings nothing, nothing will.
        if len(refused) == len(waiting):
            for one, problem in refused:
                _LOG.error("definition_refused", code=one.code, version=one.version, problem=problem)
            break
        waiting = [one for one, _ in refused]
    return found
