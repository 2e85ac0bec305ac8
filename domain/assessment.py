"""How a value is assessed against the target of a programme: rules as data, arithmetic, and words.

Sources: Thông tư 03/2026/TT-BXD (binary verdicts; without evidence an indicator is not met; only actual
results count); U4SSC factsheets for the classes of performance.

Errors:
    UnknownRuleSetError: there is no rule set of that code.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from domain.indicators import Direction, Verdict
from domain.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

DEFAULT_RULE_SET: Final = "tt_03_2026"
# Sums of decimal fractions miss the decimal result by a hair; a value equal to its target meets it.
_EQUAL_WITHIN: Final = 1e-9


class UnknownRuleSetError(ValueError):
    """No rule set has this code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"rule_set: found {code!r}, expected one of {', '.join(rule_set_codes())}")


@dataclass(frozen=True, slots=True)
class PerformanceClass:
    """A class of performance against a benchmark.

    Attributes:
        performance_min: lowest performance of the class, 0 to 1.
        score: number of the class, higher is better.
        title: in words.
    """

    performance_min: float
    score: int
    title: Text


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Dated rules of assessment.

    Attributes:
        code: stable identifier.
        version: changes whenever an assessment could.
        kind: "binary" (met or not met) or "classes" (performance in classes).
        title: what people call it.
        source: legal or technical text.
        trust: "verified", "secondary" or "recalled": how far the rules were confirmed in the source.
        valid_from: first day on which it holds.
        completeness_min: a value with less is no evidence.
        notes: what a reader must know.
        classes: from the highest down; empty for binary rules.
    """

    code: str
    version: str
    kind: str
    title: Text
    source: str
    trust: str
    valid_from: date
    completeness_min: float
    notes: Text
    classes: tuple[PerformanceClass, ...] = ()


def rule_set_codes() -> list[str]:
    """Return the codes of all rule sets."""
    names = [entry.name for entry in files("domain.rulesets").iterdir()]
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


@cache
def rule_set(code: str) -> RuleSet:
    """Return a rule set.

    Raises:
        UnknownRuleSetError: there is none of this code.
    """
    if code not in rule_set_codes():
        raise UnknownRuleSetError(code)
    body: dict[str, Any] = tomllib.loads(
        (files("domain.rulesets") / f"{code}.toml").read_text(encoding="utf-8")
    )
    classes = tuple(
        PerformanceClass(row["performance_min"], row["score"], Text(**row["title"]))
        for row in body.pop("classes", [])
    )
    title, notes = Text(**body.pop("title")), Text(**body.pop("notes"))
    return RuleSet(title=title, notes=notes, classes=classes, **body)


@dataclass(frozen=True, slots=True)
class Goal:
    """A target of a programme.

    Attributes:
        direction: which way is better.
        target: to reach; the lower end where the direction is `range`.
        target_max: upper end of a range, None otherwise.
        due_year: when.
        baseline: where the city began; None when nobody knows.
        baseline_year: when that was.
        milestones: year -> value to have reached by then; between them the way is straight.
    """

    direction: Direction
    target: float
    due_year: int
    target_max: float | None = None
    baseline: float | None = None
    baseline_year: int | None = None
    milestones: Mapping[int, float] = field(default_factory=dict[int, float])

    def is_met_by(self, value: float) -> bool:
        """Return whether the value reaches the target; one equal to it does."""
        return _reaches(self.direction, value, self.target, self.target_max)

    def expected_in(self, year: int) -> float | None:
        """Return what the trajectory asks for at the end of a year; None before it begins, or without one.

        From the baseline over the milestones to the target, straight between them; the target from its due
        year on. A range has no trajectory.
        """
        if self.direction is Direction.RANGE:
            return None
        points = dict(self.milestones)
        if self.baseline is not None and self.baseline_year is not None:
            points.setdefault(self.baseline_year, self.baseline)
        points[self.due_year] = self.target
        years = sorted(points)
        if year >= self.due_year:
            return self.target
        if year < years[0]:
            return None
        before = max(one for one in years if one <= year)
        after = min(one for one in years if one >= year)
        if before == after:
            return points[before]
        share = (year - before) / (after - before)
        return points[before] + (points[after] - points[before]) * share

    def progress(self, value: float) -> float | None:
        """Return (value - baseline) / (target - baseline); None without a baseline apart from the target.

        1 is the target, 0 the baseline; it may be below 0 or above 1.
        """
        if self.direction is Direction.RANGE or self.baseline is None or self.baseline == self.target:
            return None
        return (value - self.baseline) / (self.target - self.baseline)

    def performance(self, value: float) -> float | None:
        """Return how near the value comes to the target, 0 to 1; None where that has no meaning.

        value / target where higher is better, target / value where lower is better; 1 when it is met. A
        range, and negative numbers, have no ratio.
        """
        if self.is_met_by(value):
            return 1.0
        if self.direction is Direction.RANGE or value < 0 or self.target < 0:
            return None
        above, below = (value, self.target) if self.direction is Direction.HIGHER else (self.target, value)
        return above / below if below > 0 else None


def _reaches(direction: Direction, value: float, target: float, target_max: float | None) -> bool:
    slack = _EQUAL_WITHIN * max(1.0, abs(target))
    if direction is Direction.RANGE:
        return target - slack <= value <= (math.inf if target_max is None else target_max + slack)
    return value >= target - slack if direction is Direction.HIGHER else value <= target + slack


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a target's indicator.

    Attributes:
        value: None when there is none.
        completeness: 0 to 1, None when unknown.
        provisional: the period is not over, or an input is open.
    """

    value: float | None
    completeness: float | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules say of one target.

    Attributes:
        verdict: met, not met, or not met for want of evidence.
        reason: why, in words.
        expected: what the trajectory asks for in the year.
        on_track: whether the value is where the trajectory wants it; None without value or trajectory.
        progress: share of the way from baseline to target.
        performance: nearness to the target, 0 to 1.
        score: class of the performance; None with binary rules or without a value.
    """

    verdict: Verdict
    reason: Text
    expected: float | None
    on_track: bool | None
    progress: float | None
    performance: float | None
    score: int | None


def assess(rules: RuleSet, goal: Goal, measured: Measured | None, year: int) -> Assessment:
    """Return the assessment of a target by what was measured in a year.

    Args:
        rules: by which it is judged.
        goal: the target.
        measured: None when there is no value at all.
        year: local year of the assessment.
    """
    expected = goal.expected_in(year)
    lack = _lack(rules, measured)
    if lack is not None or measured is None or measured.value is None:
        reason = lack or _NOTHING
        return Assessment(Verdict.NO_EVIDENCE, reason, expected, None, None, None, None)
    value = measured.value
    met = goal.is_met_by(value)
    performance = goal.performance(value)
    score = None
    if performance is not None:
        score = next((one.score for one in rules.classes if performance >= one.performance_min), None)
    return Assessment(
        verdict=Verdict.MET if met else Verdict.NOT_MET,
        reason=_reason(goal, value, met=met),
        expected=expected,
        on_track=None if expected is None else _reaches(goal.direction, value, expected, None),
        progress=goal.progress(value),
        performance=performance,
        score=score,
    )


_NOTHING: Final = Text("không có số liệu của kỳ này", "there are no data of this period")


def _lack(rules: RuleSet, measured: Measured | None) -> Text | None:
    """Return what is lacking for evidence; None when nothing is."""
    if measured is None:
        return _NOTHING
    if measured.provisional:
        return Text(
            "kỳ chưa kết thúc, giá trị còn tạm tính", "the period is not over, its value is provisional"
        )
    if measured.completeness is not None and measured.completeness < rules.completeness_min:
        found, wanted = f"{measured.completeness:.1%}", f"{rules.completeness_min:.0%}"
        return Text(
            f"mức đầy đủ {found}, cần ít nhất {wanted}",
            f"completeness {found}, at least {wanted} is asked for",
        )
    return None if measured.value is not None else _NOTHING


def _reason(goal: Goal, value: float, *, met: bool) -> Text:
    if goal.direction is Direction.RANGE:
        wanted = Text(
            f"từ {goal.target:g} đến {goal.target_max:g}", f"from {goal.target:g} to {goal.target_max:g}"
        )
    elif goal.direction is Direction.HIGHER:
        wanted = Text(f"ít nhất {goal.target:g}", f"at least {goal.target:g}")
    else:
        wanted = Text(f"nhiều nhất {goal.target:g}", f"at most {goal.target:g}")
    said = Text("đạt", "met") if met else Text("không đạt", "not met")
    return Text(
        f"{said.vi}: giá trị {value:.6g}, mục tiêu {wanted.vi}",
        f"{said.en}: value {value:.6g}, target {wanted.en}",
    )
