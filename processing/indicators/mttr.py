"""MTTR: mean time to repair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.text import Text
from processing.indicators.recipes import FactSumRecipe, ratio

if TYPE_CHECKING:
    from processing.columns import Floats, HourFacts

INDICATOR: Final = Indicator(
    code="mttr",
    title=Text("Thời gian khắc phục trung bình (MTTR)", "Mean time to repair (MTTR)"),
    unit="h",
    service="all",
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Độ dài trung bình của các lần ngừng đã kết thúc; mỗi lần tính trọn độ dài, ghi vào kỳ mà nó kết "
        "thúc. Khu vực: tổng trên các cảm biến.",
        "Mean length of the outages that are over; each counts whole, in the period in which it ends. "
        "Area: summed over its sensors.",
    ),
    completeness_rule=Text(
        "Im lặng là bằng chứng nên luôn đầy đủ. Không có lần ngừng nào kết thúc trong kỳ thì không có giá "
        "trị.",
        "Silence is evidence, so it is always complete. A period in which no outage ends has no value.",
    ),
    source="MTTR = downtime / repairs; heartbeat rule, liveness = k x nominal interval",
    method_version="1",
)


def terms(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return hours of closed outages and their number, per fact."""
    return facts.outage_closed_s / 3600.0, facts.outages_closed.astype(np.float64)


def evidence(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return the window twice: all of it is known."""
    return facts.window_s, facts.window_s


RECIPE: Final = FactSumRecipe(INDICATOR, terms, finish=ratio, evidence=evidence)
