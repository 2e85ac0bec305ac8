"""Timeliness: share of readings that arrived within the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.text import Text
from processing.indicators.recipes import FactSumRecipe, ratio

if TYPE_CHECKING:
    from processing.columns import Floats, HourFacts, Ints

INDICATOR: Final = Indicator(
    code="timeliness",
    title=Text("Tính kịp thời của số liệu", "Data timeliness"),
    unit="1",
    service="all",
    direction=Direction.HIGHER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=tuple(Period),
    formula=Text(
        "Số số đo đến trong giới hạn (mặc định 5 phút sau khi khoảng đo kết thúc), chia cho số số đo nhận "
        "được.",
        "Readings that arrived within the limit (5 minutes after the end of what they measure, unless set "
        "otherwise) over readings received.",
    ),
    completeness_rule=Text(
        "Không có số đo thì không có giá trị; số đo chưa đến không tính là muộn.",
        "Without readings there is no value; what never arrived is not counted as late.",
    ),
    source="Nhịp: late = arrival - end of the measuring interval",
    method_version="1",
)


def terms(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return readings in time and readings received, per fact."""
    return facts.on_time.astype(np.float64), facts.n.astype(np.float64)


def received(facts: HourFacts) -> Ints:
    """Return the number of readings of any quality, per fact."""
    return facts.n


RECIPE: Final = FactSumRecipe(INDICATOR, terms, finish=ratio, count=received)
