"""Indicator values on their way into the table: which, whose, over which periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.columns import Cells, Note
from processing.grid import HOUR_US, period_edges

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.indicators import Indicator, SubjectKind
    from domain.periods import Period
    from processing.columns import Bools, Floats, Ints

# Wide enough to pack (subject, instant) into one integer for sorting: hours since 1970 stay below it.
_HOURS: Final = 1 << 24
_SECOND_US: Final = 1_000_000


class Terms(NamedTuple):
    """The additive sums behind values, shape (k,) each.

    numerator and denominator make the value, present and asked the completeness.
    """

    numerator: Floats
    denominator: Floats
    present: Floats
    asked: Floats


class Ragged(NamedTuple):
    """k arrays of any lengths, one behind the other.

    Attributes:
        flat: their numbers, in the order of the rows.
        size: shape (k,), how many belong to each.
    """

    flat: Floats
    size: Ints

    @classmethod
    def of_terms(cls, terms: Terms) -> Ragged:
        """Return rows (numerator, denominator, present, asked)."""
        count = len(terms.numerator)
        return cls(np.stack(terms, axis=1).ravel(), np.full(count, len(terms), np.int64))

    @property
    def first(self) -> Ints:
        """Where each row begins in `flat`."""
        return np.cumsum(self.size) - self.size

    def take(self, rows: Ints) -> Ragged:
        """Return the rows at these positions."""
        size = self.size[rows]
        begin = np.cumsum(size) - size
        index = np.repeat(self.first[rows] - begin, size) + np.arange(int(size.sum()))
        return Ragged(self.flat[index], size)


class SubjectHours(NamedTuple):
    """Hours of subjects, one pair per row, distinct and sorted by both."""

    subject_id: Ints
    hour: Ints


class SubjectPeriods(NamedTuple):
    """Periods of subjects, one per row, distinct and sorted by subject and start."""

    subject_id: Ints
    start: Ints
    end: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Cells of one indicator for subjects of one kind over periods of one length."""

    indicator_id: int
    indicator: Indicator
    subject_kind: SubjectKind
    period: Period
    subject_ids: Ints
    cells: Cells
    provisional: Bools
    terms: Terms | Ragged | None = None
    details: Sequence[str | None] | None = None


def hidden(cells: Cells) -> Cells:
    """Return the cells without what is published: they are kept for longer periods to add up."""
    nothing = np.full(len(cells), np.nan)
    return Cells(
        cells.period_start, cells.period_end, nothing, cells.n, nothing, note=[Note.TERMS] * len(cells)
    )


def distinct_hours(subject_ids: Ints, hours: Ints) -> SubjectHours:
    """Return the distinct pairs, sorted by both."""
    packed = np.unique(subject_ids * _HOURS + hours // HOUR_US)
    return SubjectHours(packed // _HOURS, packed % _HOURS * HOUR_US)


def periods_of(touched: SubjectHours, period: Period, zone_of: Callable[[int], str]) -> SubjectPeriods:
    """Return the distinct local periods that hold the hours.

    Args:
        touched: subjects and hours.
        period: length of the periods.
        zone_of: time zone of a subject.
    """
    if not len(touched.hour):
        return SubjectPeriods(*(np.empty(0, np.int64) for _ in range(3)))
    distinct, inverse = np.unique(touched.subject_id, return_inverse=True)
    zones = [zone_of(subject) for subject in distinct.tolist()]
    parts: list[tuple[Ints, Ints, Ints]] = []
    for zone in sorted(set(zones)):
        mine = np.array([one == zone for one in zones])[inverse]
        subjects, hours = touched.subject_id[mine], touched.hour[mine]
        edges = period_edges(int(hours.min()), int(hours.max()) + HOUR_US, period, zone)
        index = np.searchsorted(edges, hours, side="right") - 1
        packed = np.unique(subjects * len(edges) + index)
        subjects, index = packed // len(edges), packed % len(edges)
        parts.append((subjects, edges[index], edges[index + 1]))
    subject_id, start, end = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((start, subject_id))
    return SubjectPeriods(subject_id[order], start[order], end[order])


def children_of(periods: SubjectPeriods, period: Period, zone_of: Callable[[int], str]) -> tuple[Ints, Ints]:
    """Return (subject, start) of every shorter period that begins in one of the periods.

    Args:
        periods: of which the parts are wanted.
        period: length of the parts.
        zone_of: time zone of a subject.
    """
    subjects: list[Ints] = []
    starts: list[Ints] = []
    zones = np.array([zone_of(subject) for subject in periods.subject_id.tolist()])
    for zone in np.unique(zones).tolist():
        mine = zones == zone
        start, end = periods.start[mine], periods.end[mine]
        edges = period_edges(int(start.min()), int(end.max()), period, zone)
        first, last = np.searchsorted(edges, start), np.searchsorted(edges, end)
        counts = last - first
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        subjects.append(np.repeat(periods.subject_id[mine], counts))
        starts.append(edges[np.repeat(first, counts) + within])
    return np.concatenate(subjects), np.concatenate(starts)


def begins_part(
    periods: SubjectPeriods, period: Period, zone_of: Callable[[int], str], cells: tuple[Ints, Ints]
) -> Bools:
    """Return which stored cells, each (subject, start), are parts of the periods by the clock of today.

    A subject that was moved to another time zone may have cells left that begin at its former midnights.

    Args:
        periods: whose parts they may be.
        period: length of the parts.
        zone_of: time zone of a subject.
        cells: subject and start of each cell.
    """
    parts = children_of(periods, period, zone_of)
    starts = np.unique(parts[1])
    width = len(starts) + 1
    keys = parts[0] * width + np.searchsorted(starts, parts[1])
    place = np.minimum(np.searchsorted(starts, cells[1]), max(len(starts) - 1, 0))
    known = np.isin(cells[0] * width + place, keys)
    return known & (starts[place] == cells[1]) if len(starts) else np.zeros(len(cells[1]), np.bool_)


def row_in(periods: SubjectPeriods, subject_ids: Ints, instants: Ints) -> Ints:
    """Return for each (subject, instant) the row of the period that holds it, or -1.

    `periods` is sorted by subject and start, so that a row's place is one search for its subject and start
    in a joint order.
    """
    if not len(periods.start):
        return np.full(len(subject_ids), -1, np.int64)
    starts = np.unique(periods.start)
    width = len(starts) + 1
    keys = periods.subject_id * width + np.searchsorted(starts, periods.start, side="right")
    wanted = subject_ids * width + np.searchsorted(starts, instants, side="right")
    row = np.searchsorted(keys, wanted, side="right") - 1
    held = (row >= 0) & (periods.subject_id[row] == subject_ids) & (instants < periods.end[row])
    return np.where(held, row, -1)


def sums(row: Ints, count: int, column: Floats | Ints) -> Floats:
    """Return the sum of `column` per row number, added in the order given (so the bits do not vary)."""
    return np.bincount(row, weights=column, minlength=count).astype(np.float64)


def merged_spans(subject_ids: Ints, starts: Ints, ends: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the spans with overlapping or touching ones of a subject joined; sorted by subject and start."""
    if not len(starts):
        return subject_ids, starts, ends
    order = np.lexsort((starts, subject_ids))
    subject_ids, starts, ends = subject_ids[order], starts[order], ends[order]
    changes = np.concatenate((np.ones(1, np.bool_), np.diff(subject_ids) != 0))
    # Subjects are laid one behind the other on one axis (of seconds, lest it overflow), so that the furthest
    # end so far is one running maximum.
    origin = int(starts.min())
    rank = np.cumsum(changes) - 1
    width = (int(ends.max()) - origin) // _SECOND_US + 2
    lifted_starts = rank * width + (starts - origin) // _SECOND_US
    lifted_ends = np.maximum.accumulate(rank * width + (ends - origin) // _SECOND_US)
    first = np.flatnonzero(changes | np.concatenate(([True], lifted_starts[1:] > lifted_ends[:-1])))
    last = np.concatenate((first[1:], np.array([len(starts)]))) - 1
    return subject_ids[first], starts[first], (lifted_ends[last] - rank[last] * width) * _SECOND_US + origin
