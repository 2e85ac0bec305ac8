"""MTBF: mean time between failures."""

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
    code="mtbf",
    title=Text("Thời gian trung bình giữa hai lần hỏng (MTBF)", "Mean time between failures (MTBF)"),
    unit="h",
    service="all",
    direction=Direction.HIGHER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Thời gian sống chia cho số lần ngừng; một lần ngừng là khoảng im lặng dài hơn k khoảng đo (mặc "
        "định k = 2), đếm ở kỳ mà nó bắt đầu. Khu vực: tổng trên các cảm biến.",
        "Time alive over outages; an outage is a silence longer than k intervals (k = 2 unless set "
        "otherwise), counted in the period in which it begins. Area: summed over its sensors.",
    ),
    completeness_rule=Text(
        "Im lặng là bằng chứng nên luôn đầy đủ. Không có lần ngừng nào thì không xác định: MTBF lớn hơn "
        "thời gian xét.",
        "Silence is evidence, so it is always complete. Without any outage it is undefined: longer than "
        "the time in view.",
    ),
    source="MTBF = uptime / failures; heartbeat rule, liveness = k x nominal interval",
    method_version="1",
)


def terms(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return hours alive and outages begun, per fact."""
    return facts.live_s / 3600.0, facts.outages.astype(np.float64)


def evidence(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return the window twice: all of it is known."""
    return facts.window_s, facts.window_s


RECIPE: Final = FactSumRecipe(INDICATOR, terms, finish=ratio, evidence=evidence)
