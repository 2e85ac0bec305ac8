"""Verdicts of areas against the targets of their programmes (Thông tư 03/2026/TT-BXD: met or not met)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from domain.assessment import Goal
from domain.indicators import Direction, Verdict
from processing.columns import VALID_SHARE
from processing.grid import from_us
from store import statement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import psycopg
    from psycopg.rows import TupleRow

    from domain.periods import Period
    from processing.cells import SubjectPeriods
    from processing.columns import Bools, Floats


@dataclass(frozen=True, slots=True)
class Target:
    """One target of a programme."""

    direction: Direction
    value: float
    value_max: float | None
    due_year: int
    valid_from: date
    valid_to: date | None

    def holds_on(self, day: date) -> bool:
        """Return whether the programme runs on the local day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def met_by(self, value: float) -> bool:
        """Return whether the value reaches the target; one equal to it does."""
        return Goal(self.direction, self.value, self.due_year, self.value_max).is_met_by(value)


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets: (indicator, area, period) -> targets by due year."""

    by_key: Mapping[tuple[str, int, str], Sequence[Target]]

    def of(self, indicator: str, area_id: int, period: Period, day: date) -> Target | None:
        """Return the target of the local period that begins on `day`.

        Of several that hold, the nearest still due; when all are past due, the last of them.
        """
        held = [one for one in self.by_key.get((indicator, area_id, period.value), ()) if one.holds_on(day)]
        due = [one for one in held if one.due_year >= day.year]
        return due[0] if due else held[-1] if held else None


def load_targets(connection: psycopg.Connection[TupleRow]) -> Targets:
    """Return the targets of all programmes."""
    found: dict[tuple[str, int, str], list[Target]] = {}
    rows = connection.execute(statement("processing", "select_targets")).fetchall()
    for indicator, area_id, period, direction, *rest in rows:
        found.setdefault((indicator, area_id, period), []).append(Target(Direction(direction), *rest))
    return Targets(found)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Values of an area's indicator that are to be judged."""

    indicator: str
    period: Period
    periods: SubjectPeriods
    value: Floats
    completeness: Floats
    provisional: Bools


def judge(targets: Targets, zones: Mapping[int, str], judged: Judged) -> tuple[list[Verdict | None], Floats]:
    """Return verdicts and what they were judged against (None and NaN without a target).

    A period that is not over is not judged; one with too little evidence is not met.
    """
    verdicts: list[Verdict | None] = [None] * len(judged.value)
    limits = np.full(len(judged.value), np.nan)
    if not targets.by_key:
        return verdicts, limits
    for row in np.flatnonzero(~judged.provisional).tolist():
        area_id = int(judged.periods.subject_id[row])
        day = from_us(int(judged.periods.start[row])).astimezone(ZoneInfo(zones[area_id])).date()
        target = targets.of(judged.indicator, area_id, judged.period, day)
        if target is not None:
            limits[row] = target.value
            verdicts[row] = _verdict(target, float(judged.value[row]), float(judged.completeness[row]))
    return verdicts, limits


def _verdict(target: Target, value: float, completeness: float) -> Verdict:
    if np.isnan(value) or not completeness >= VALID_SHARE:
        return Verdict.NO_EVIDENCE
    return Verdict.MET if target.met_by(value) else Verdict.NOT_MET
