"""ASAI: average service availability index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.quantities import Service
from domain.text import Text
from processing.indicators import daily_history
from processing.indicators.recipes import HistoryRecipe
from processing.indicators.supply import COMPLETENESS_RULE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.periods import Period
    from processing.columns import Cells
    from processing.indicators.recipes import DailyHistory

INDICATOR: Final = Indicator(
    code="asai",
    title=Text("Độ sẵn sàng cấp điện (ASAI)", "Average service availability (ASAI)"),
    unit="1",
    service=Service.ELECTRICITY,
    direction=Direction.HIGHER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=daily_history.PERIODS,
    formula=Text(
        "1 - (tổng SAIDI các ngày, tính bằng giờ) / số giờ của kỳ; năm có 8760 giờ, năm nhuận 8784. Chỉ "
        "tính lần mất điện dài hơn 5 phút.",
        "1 - (SAIDI of the days, in hours) / hours of the period; a year has 8760 hours, a leap year "
        "8784. Only interruptions longer than 5 minutes count.",
    ),
    completeness_rule=Text(
        COMPLETENESS_RULE.vi + " Kỳ dài: tỷ lệ số ngày có giá trị.",
        COMPLETENESS_RULE.en + " Longer periods: share of days with a value.",
    ),
    source="IEEE 1366 (ASAI)",
    method_version="1",
)
_MINUTE_US: Final = 60_000_000


def compute(history: DailyHistory) -> Mapping[Period, Cells]:
    """Return the share of customer time with supply, per period that holds days with a value."""
    known = ~np.isnan(history.value)
    minutes = np.where(known, history.value, 0.0)
    found: dict[Period, Cells] = {}
    for period in daily_history.PERIODS:
        group = daily_history.grouped(history, period)
        share = 1.0 - group.sums(minutes) * _MINUTE_US / (group.end - group.start)
        value = np.where(group.sums(known) > 0, share, np.nan)
        found[period] = daily_history.cells(group, value, known)
    return found


RECIPE: Final = HistoryRecipe(INDICATOR, "saidi", compute)
