"""What lies in a pack, as the arithmetic takes it."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from domain import evidence
from domain.evidence import BrokenPackError
from domain.indicators import SubjectKind
from domain.periods import Period
from processing.columns import NO_INSTANT, HourFacts
from processing.grid import to_us

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from processing.columns import Floats, Ints

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Contents:
    """A pack whose hashes all held.

    Attributes:
        manifest: what it says of the value.
        files: name -> content.
    """

    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]

    @property
    def kind(self) -> SubjectKind:
        """Kind of the subject."""
        return SubjectKind(self.manifest["subject"]["kind"])

    @property
    def period(self) -> Period:
        """Length of the period."""
        return Period(self.manifest["period"])

    @property
    def start(self) -> int:
        """Start of the period, microseconds UTC."""
        return instant(self.manifest["period_start"])

    @property
    def end(self) -> int:
        """End of the period, microseconds UTC."""
        return instant(self.manifest["period_end"])

    @property
    def time_zone(self) -> str:
        """Zone in which the subject's days are local."""
        return str(self.manifest["subject"]["time_zone"])

    @property
    def setting(self) -> Mapping[str, Any]:
        """Numbers and places that the arithmetic reads beside the tables."""
        found: Mapping[str, Any] = self.manifest["setting"]
        return found

    def rows(self, name: str = evidence.INPUTS) -> list[dict[str, Any]]:
        """Return the rows of a table.

        Raises:
            BrokenPackError: it is no table.
        """
        found: list[dict[str, Any]] = self._table(name).to_pylist()
        return found

    def published(self) -> list[dict[str, Any]]:
        """Return the rows of the inputs that are values, not only sums kept for longer periods."""
        return [row for row in self.rows() if row["note"] != "terms"]

    def summed(self) -> list[dict[str, Any]]:
        """Return the rows of the inputs that have sums, of the method that computed the value."""
        version = self.manifest["value"]["method_version"]
        return [row for row in self.rows() if row["terms"] is not None and row["method_version"] == version]

    def facts(self) -> HourFacts:
        """Return the facts in the order of the pack, which is the order in which they are added up.

        Raises:
            BrokenPackError: their table is none.
        """
        table = self._table(evidence.FACTS)
        columns: dict[str, Any] = {}
        for field in fields(HourFacts):
            column = table[field.name]
            if str(column.type).startswith("timestamp"):
                columns[field.name] = column.cast("int64").fill_null(NO_INSTANT).to_numpy()
            elif str(column.type) == "double":
                columns[field.name] = column.fill_null(float("nan")).to_numpy()
            else:
                columns[field.name] = column.to_numpy()
        return HourFacts(**columns)

    def _table(self, name: str) -> Any:  # noqa: ANN401 # pyarrow has no types
        import pyarrow as pa  # noqa: PLC0415 # 100 ms that no other command needs
        import pyarrow.parquet as pq  # noqa: PLC0415 # as above

        if name not in self.files:
            raise BrokenPackError(name, "is absent")
        try:
            return pq.read_table(io.BytesIO(self.files[name]))
        except pa.ArrowException as error:
            raise BrokenPackError(name, "is not a Parquet file") from error


def instant(text: str) -> int:
    """Return an instant of a manifest in microseconds UTC."""
    return to_us(datetime.fromisoformat(text))


def seconds_us(seconds: float) -> int:
    """Return seconds in microseconds, rounded."""
    return round(seconds * _MILLION)


def floats(rows: Sequence[Mapping[str, Any]], name: str) -> Floats:
    """Return a column of numbers, shape (rows,); NaN where there is none."""
    return np.array([np.nan if row[name] is None else row[name] for row in rows], np.float64)


def integers(rows: Sequence[Mapping[str, Any]], name: str) -> Ints:
    """Return a column of whole numbers or instants (microseconds UTC), shape (rows,)."""
    return np.array(
        [to_us(row[name]) if isinstance(row[name], datetime) else row[name] for row in rows], np.int64
    )


def number(one: float) -> float | None:
    """Return a number as the manifest holds it: None for NaN."""
    return None if np.isnan(one) else float(one)
