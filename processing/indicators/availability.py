"""Availability: share of the time in which the sensor was alive by the heartbeat rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.text import Text
from processing.indicators.recipes import FactSumRecipe, ratio

if TYPE_CHECKING:
    from processing.columns import Floats, HourFacts

INDICATOR: Final = Indicator(
    code="availability",
    title=Text("Độ sẵn sàng của thiết bị", "Device availability"),
    unit="1",
    service="all",
    direction=Direction.HIGHER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=tuple(Period),
    formula=Text(
        "Thời gian sống chia cho thời gian xét; một số đo hợp lệ chứng tỏ thiết bị sống trong k khoảng đo "
        "(mặc định k = 2). Khu vực: tổng trên các cảm biến.",
        "Time alive over time in view; a good reading proves life for k intervals (k = 2 unless set "
        "otherwise). Area: summed over its sensors.",
    ),
    completeness_rule=Text(
        "Im lặng là bằng chứng nên luôn đầy đủ. Trước số đo đầu tiên là chưa biết; bảo trì báo trước và hiệu "
        "chuẩn không xét.",
        "Silence is evidence, so it is always complete. Before the first reading is unknown; maintenance "
        "declared beforehand and calibration are left out.",
    ),
    source="Heartbeat rule, liveness = k x nominal interval",
    method_version="1",
)


def terms(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return seconds alive and seconds in view, per fact."""
    return facts.live_s, facts.window_s


def evidence(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return the window twice: all of it is known."""
    return facts.window_s, facts.window_s


RECIPE: Final = FactSumRecipe(INDICATOR, terms, finish=ratio, evidence=evidence)
