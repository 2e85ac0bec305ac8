"""Time-weighted mean of a sensor with last value carried forward, up to a maximum gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.text import Text
from processing.indicators.recipes import FactSumRecipe, ratio

if TYPE_CHECKING:
    from processing.columns import Floats, HourFacts

INDICATOR: Final = Indicator(
    code="time_weighted_mean",
    title=Text("Trung bình theo thời gian", "Time-weighted mean"),
    unit="1",
    service="all",
    direction=Direction.NONE,
    subject_kinds=(SubjectKind.SENSOR,),
    periods=tuple(Period),
    formula=Text(
        "Tích phân của giá trị theo thời gian chia cho thời gian được phủ; mỗi giá trị giữ đến số đo kế "
        "tiếp, nhưng không quá khoảng hở tối đa (mặc định 3 khoảng đo). Đơn vị là đơn vị của đại lượng.",
        "Integral of the value over time divided by the time covered; each value holds until the next, at "
        "most the maximum gap (3 intervals unless set otherwise). In the unit of the quantity.",
    ),
    completeness_rule=Text(
        "Mức đầy đủ là thời gian được phủ chia cho thời gian xét.",
        "Completeness is time covered over time in view.",
    ),
    source="Last observation carried forward with maximum gap",
    method_version="1",
)


def terms(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return value x seconds and seconds covered, per fact."""
    return facts.integral, facts.covered_s


def evidence(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return seconds covered and seconds in view, per fact."""
    return facts.covered_s, facts.window_s


RECIPE: Final = FactSumRecipe(INDICATOR, terms, finish=ratio, evidence=evidence)
