"""Number of outages of the sensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.text import Text
from processing.indicators.recipes import FactSumRecipe

if TYPE_CHECKING:
    from processing.columns import Floats, HourFacts

INDICATOR: Final = Indicator(
    code="outage_count",
    title=Text("Số lần ngừng của thiết bị", "Device outages"),
    unit="1",
    service="all",
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Số khoảng im lặng dài hơn k khoảng đo (mặc định k = 2), đếm ở kỳ mà nó bắt đầu. Khu vực: tổng "
        "trên các cảm biến.",
        "Silences longer than k intervals (k = 2 unless set otherwise), counted in the period in which "
        "they begin. Area: summed over its sensors.",
    ),
    completeness_rule=Text(
        "Im lặng là bằng chứng nên luôn đầy đủ.",
        "Silence is evidence, so it is always complete.",
    ),
    source="Heartbeat rule, liveness = k x nominal interval",
    method_version="1",
)


def terms(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return outages begun and seconds in view, per fact."""
    return facts.outages.astype(np.float64), facts.window_s


def finish(outages: Floats, window_s: Floats) -> Floats:
    """Return the sum of outages, NaN where no time was in view."""
    return np.where(window_s > 0, outages, np.nan)


def evidence(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return the window twice: all of it is known."""
    return facts.window_s, facts.window_s


RECIPE: Final = FactSumRecipe(INDICATOR, terms, finish=finish, evidence=evidence)
