"""A filled city, seen as Grafana sees it; and Grafana's own expansion of macros and variables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

SEED = Path(__file__).parent / "seed.sql"


@pytest.fixture(scope="session")
def city_dsn(new_migrated_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """Superuser DSN of a database with the seeded city."""
    with new_migrated_database() as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(SEED.read_bytes())
        yield dsn


@pytest.fixture(scope="session")
def grafana(city_dsn: str) -> Iterator[psycopg.Connection]:
    """A connection of the role that Grafana uses."""
    dsn = make_conninfo(city_dsn, user="nhip_grafana", password="nhip-test")
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


class UnknownMacroError(AssertionError):
    """A macro, variable or format that this expansion, hence perhaps Grafana, does not know."""


@dataclass(frozen=True)
class Expansion:
    """What Grafana does to a panel's SQL before the server sees it: variables first, then macros.

    The macros are those of Grafana's PostgreSQL data source with `timescaledb: false`. Its pattern takes
    everything up to the first closing parenthesis as arguments; so does this one.
    """

    start: datetime
    end: datetime
    interval: timedelta
    variables: Mapping[str, list[str]]
    all_values: Mapping[str, str]

    def expanded(self, text: str) -> str:
        """Return the SQL that reaches the server."""
        text = re.sub(r"\$\{(\w+)(?::(\w+))?\}", lambda m: self._variable(m[1], m[2]), text)
        milliseconds = int(self.interval.total_seconds() * 1000)
        text = text.replace("$__interval_ms", str(milliseconds))
        text = text.replace("$__interval", f"{milliseconds // 1000}s")
        text = re.sub(r"\$(\w+)\(([^)]*)\)", lambda m: self._macro(m[1], m[2]), text)
        if "$" in text:
            raise UnknownMacroError(text[text.index("$") :][:60])
        return text

    def _variable(self, name: str, form: str | None) -> str:
        if form != "sqlstring" or name not in self.variables:
            raise UnknownMacroError(name)
        values = self.variables[name]
        if values == ["$__all"]:
            return self.all_values[name]  # a custom "all" value goes in as it stands
        return ",".join("'" + value.replace("'", "''") + "'" for value in values)

    def _macro(self, name: str, arguments: str) -> str:
        parts = [part.strip() for part in arguments.split(",")]
        start, end = (
            moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for moment in (self.start, self.end)
        )
        if name == "__timeFilter":
            return f"{parts[0]} BETWEEN '{start}' AND '{end}'"
        if name == "__timeFrom":
            return f"'{start}'"
        if name == "__timeTo":
            return f"'{end}'"
        if name == "__timeGroupAlias":
            column, interval = parts
            seconds = int(interval.removesuffix("s"))
            return f'floor(extract(epoch from {column})/{seconds})*{seconds} AS "time"'
        raise UnknownMacroError(name)


def generated() -> list[tuple[str, dict]]:
    """Return (name, model) of every committed board."""
    folder = Path(__file__).parents[2] / "dashboards" / "generated"
    return [
        (path.relative_to(folder).as_posix(), json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*/*.json"))
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `board` every board in turn, and `board, panel` every panel that has a query."""
    boards = generated()
    if "panel" in metafunc.fixturenames:
        cases = [
            (name, model, panel)
            for name, model in boards
            for panel in model["panels"]
            if panel.get("targets")
        ]
        metafunc.parametrize(
            ("board", "panel"),
            [(model, panel) for _, model, panel in cases],
            ids=[f"{name}-{panel['id']}" for name, _, panel in cases],
        )
    elif "board" in metafunc.fixturenames:
        metafunc.parametrize("board", [model for _, model in boards], ids=[name for name, _ in boards])
