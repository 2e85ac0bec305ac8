"""Questions to a database, and the sign that one cannot be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from psycopg.rows import dict_row

from store import statement

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from domain.text import Text
    from nhip.doctor.finding import Limits

_PACKAGE: Final = "nhip.doctor"


class NotCheckableError(Exception):
    """A check cannot be made here; the reason is for people."""

    def __init__(self, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason.en)


class Asked(Protocol):
    """Something that answers questions about gateways, and the limits by which answers are judged."""

    limits: Limits

    def ask(self, name: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Return the rows that answer the question of that name."""
        ...


class Questions:
    """A connection, with the limits by which answers are judged.

    Args:
        connection: in autocommit mode, so that a refused question spoils none after it.
        limits: where normal ends.
    """

    def __init__(self, connection: psycopg.Connection[Any], limits: Limits) -> None:
        self.connection = connection
        self.limits = limits

    def rows(self, text: bytes, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a statement, by column name."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(text, parameters).fetchall()

    def row(self, text: bytes, parameters: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Return the row of a statement that always gives one."""
        return self.rows(text, parameters)[0]

    def ask(self, name: str, parameters: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Return the rows of the statement `nhip/doctor/sql/<name>.sql`."""
        return self.rows(statement(_PACKAGE, name), parameters or {})

    def settings(self, *names: str) -> dict[str, str]:
        """Return settings of the server; those that the role may not see are missing."""
        return {row["name"]: row["setting"] for row in self.ask("select_settings", {"names": list(names)})}
