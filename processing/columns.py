"""The shapes in which numbers travel between the database, the kernels and the indicators.

Every instant is int64 microseconds UTC and every number float64, because kernels take nothing else. NaN is
"no value"; an instant that does not exist is `NO_INSTANT`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from domain.periods import Period
from processing.grid import HOUR_US, hour_floor, period_edges

if TYPE_CHECKING:
    from domain.indicators import Verdict

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Detail = Mapping[str, Mapping[str, Floats]]

NO_INSTANT: Final = -1
# An aggregate is valid when it holds at least this share of what was expected (indicators.md 5.1).
VALID_SHARE: Final = 0.75


class Note(StrEnum):
    """Why a cell has no value."""

    NO_DATA = "no_data"
    INCOMPLETE = "incomplete"
    NO_PARTICULATES = "no_particulates"
    NOTHING_EXPECTED = "nothing_expected"
    NO_CUSTOMERS = "no_customers"
    NO_PARAMETER = "no_parameter"
    TERMS = "terms"  # not published, only kept for longer periods to add up


@dataclass(frozen=True, slots=True, eq=False)
class HourFacts:
    """Rows of the table `hour_fact`, one array of shape (m,) per column and named like it.

    Instants are `NO_INSTANT`, numbers NaN where the table holds NULL.
    """

    sensor_id: Ints
    hour: Ints
    n: Ints
    n_good: Ints
    slots: Ints
    expected: Ints
    mean: Floats
    m2: Floats
    minimum: Floats
    maximum: Floats
    first_ts: Ints
    last_ts: Ints
    last_good_ts: Ints
    last_good_value: Floats
    integral: Floats
    covered_s: Floats
    live_s: Floats
    window_s: Floats
    outages: Ints
    increase: Floats
    on_time: Ints
    delay_max_s: Floats
    outages_closed: Ints
    outage_closed_s: Floats
    last_calibrating_ts: Ints

    def __len__(self) -> int:
        return len(self.hour)

    def take(self, index: Ints | Bools) -> HourFacts:
        """Return the rows that `index` (positions, or a mask of shape (m,)) names."""
        return HourFacts(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


@dataclass(frozen=True, slots=True, eq=False)
class SiteHours:
    """Hourly means of one site on a contiguous grid of h UTC hours, and the local days on it.

    Attributes:
        hour_start: shape (h,), steps of one hour without gaps.
        means: quantity -> shape (h,), in the quantity's unit; NaN where the hour has no valid mean
            (nothing measured, or less than `VALID_SHARE` of what was expected).
        time_zone: of the site's area.
        day_edges: shape (d + 1,), edges of the d local days that lie wholly on the grid.
        day_of_hour: shape (h,), index of the local day that holds the hour; -1 outside the d days.
    """

    hour_start: Ints
    means: Mapping[str, Floats]
    time_zone: str
    day_edges: Ints
    day_of_hour: Ints

    @classmethod
    def on_grid(
        cls, start_us: int, end_us: int, time_zone: str, means: Mapping[str, tuple[Ints, Floats]]
    ) -> Self:
        """Lay rows (hour start, mean) of each quantity on the grid of all hours of [start_us, end_us).

        Rows outside the span are left out; of several rows for one hour the last counts. Where a mean is
        not valid the caller leaves the row out or gives NaN. The span may reach past the present: hours
        still to come are missing.
        """
        hours = np.arange(hour_floor(start_us), end_us, HOUR_US, dtype=np.int64)
        laid: dict[str, Floats] = {}
        for quantity, (row_hours, row_means) in means.items():
            series = np.full(len(hours), np.nan)
            if len(hours):
                position = (row_hours - hours[0]) // HOUR_US
                inside = (position >= 0) & (position < len(hours))
                series[position[inside]] = row_means[inside]
            laid[quantity] = series
        edges = _whole_days(hours, time_zone)
        return cls(hours, laid, time_zone, edges, _index_in(edges, hours))

    @property
    def start_us(self) -> int:
        """Start of the first hour."""
        return int(self.hour_start[0]) if len(self.hour_start) else 0

    @property
    def end_us(self) -> int:
        """End of the last hour."""
        return int(self.hour_start[-1]) + HOUR_US if len(self.hour_start) else 0

    @property
    def day_start(self) -> Ints:
        """Starts of the d days."""
        return self.day_edges[:-1]

    @property
    def day_end(self) -> Ints:
        """Ends of the d days."""
        return self.day_edges[1:]

    def mean(self, quantity: str) -> Floats:
        """Return the hourly means of `quantity`, shape (h,); all NaN when the site does not measure it."""
        series = self.means.get(quantity)
        return np.full(len(self.hour_start), np.nan) if series is None else series


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """k values of one indicator over periods of one length, column by column.

    Attributes:
        period_start: shape (k,), UTC instants of local period starts.
        period_end: shape (k,), exclusive.
        value: shape (k,); NaN where it could not be computed, and then `note` says why.
        n: shape (k,), inputs that went in, as the indicator says.
        completeness: shape (k,), 0..1; NaN where nothing was expected.
        responsible: quantity with the highest sub-index, or None; length k, or empty for "never any".
        note: reason codes of absent values (`Note`); length k, or empty.
        limit: shape (k,), what the verdict was judged against; NaN for none.
        verdict: length k, or empty for an indicator that is not judged.
        columns: {"sub_index": {"pm25": shape (k,), ...}, ...}; NaN entries are left out of `detail`.
    """

    period_start: Ints
    period_end: Ints
    value: Floats
    n: Ints
    completeness: Floats
    responsible: Sequence[str | None] = ()
    note: Sequence[str | None] = ()
    limit: Floats | None = None
    verdict: Sequence[Verdict | None] = ()
    columns: Detail | None = None

    def __len__(self) -> int:
        return len(self.period_start)

    def within(self, start_us: int, end_us: int) -> Cells:
        """Return the cells whose periods touch [start_us, end_us)."""
        return self.take((self.period_end > start_us) & (self.period_start < end_us))

    def take(self, mask: Bools) -> Cells:
        """Return the cells where `mask`, shape (k,), is true."""
        if bool(mask.all()):
            return self
        chosen = np.flatnonzero(mask).tolist()
        return Cells(
            self.period_start[mask],
            self.period_end[mask],
            self.value[mask],
            self.n[mask],
            self.completeness[mask],
            [self.responsible[i] for i in chosen] if self.responsible else (),
            [self.note[i] for i in chosen] if self.note else (),
            None if self.limit is None else self.limit[mask],
            [self.verdict[i] for i in chosen] if self.verdict else (),
            None
            if self.columns is None
            else {
                group: {name: column[mask] for name, column in named.items()}
                for group, named in self.columns.items()
            },
        )

    def detail(self) -> list[str | None]:
        """Return the detail of every cell as JSON text; None where there is nothing to tell.

        Built column by column: for a station's four years of hours a dictionary per cell would cost more
        than the indicator itself.
        """
        if self.columns is None:
            return [None] * len(self)
        groups = [_group_json(name, named, len(self)) for name, named in self.columns.items()]
        rows = ([part for part in parts if part] for parts in zip(*groups, strict=True))
        return ["{" + ", ".join(parts) + "}" if parts else None for parts in rows]


def _group_json(name: str, named: Mapping[str, Floats], count: int) -> list[str]:
    """Return `"name": {"a": 1.5, ...}` for each row, or "" for a row without any number."""
    rows: list[list[str]] = [[] for _ in range(count)]
    for key, column in named.items():
        prefix = json.dumps(key) + ": "
        numbers = np.round(column, 4).tolist()
        for row, number in zip(rows, numbers, strict=True):
            # NaN is the only number that differs from itself; JSON has no word for it.
            if number == number:  # noqa: PLR0124 # four times quicker than math.isnan here
                row.append(prefix + repr(number))
    head = json.dumps(name) + ": {"
    return [head + ", ".join(row) + "}" if row else "" for row in rows]


def _whole_days(hours: Ints, time_zone: str) -> Ints:
    """Return the edges of the local days that lie wholly inside the hours' span."""
    if not len(hours):
        return np.empty(0, np.int64)
    start_us, end_us = int(hours[0]), int(hours[-1]) + HOUR_US
    edges = period_edges(start_us, end_us, Period.DAY, time_zone)
    inside = edges[(edges >= start_us) & (edges <= end_us)]
    return inside if len(inside) > 1 else np.empty(0, np.int64)


def _index_in(edges: Ints, instants: Ints) -> Ints:
    """Return for each instant the index of the period [edges[i], edges[i + 1]) that holds it, or -1."""
    index = np.searchsorted(edges, instants, side="right") - 1
    return np.where(index >= len(edges) - 1, -1, index).astype(np.int64)
