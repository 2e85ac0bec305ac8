"""Number of major event days of the power supply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.quantities import Service
from domain.text import Text
from processing.indicators import daily_history, major_events
from processing.indicators.recipes import HistoryRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.periods import Period
    from processing.columns import Cells
    from processing.indicators.recipes import DailyHistory

INDICATOR: Final = Indicator(
    code="major_event_days",
    title=Text("Số ngày sự cố lớn của lưới điện", "Major event days of the power supply"),
    unit="1",
    service=Service.ELECTRICITY,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=daily_history.PERIODS,
    formula=Text(
        "Số ngày sự cố lớn trong kỳ (với ngày: 1 là có). " + major_events.METHOD.vi,
        "Major event days in the period (of a day: 1 is yes). " + major_events.METHOD.en,
    ),
    completeness_rule=major_events.RULE,
    source=major_events.SOURCE,
    method_version="1",
)


def compute(history: DailyHistory) -> Mapping[Period, Cells]:
    """Return the number of major event days, with alpha, beta, T_MED and the days behind them."""
    held = major_events.thresholds(history)
    major = major_events.is_major(history, held)
    known = ~np.isnan(history.value)
    judged = known & ~np.isnan(held.t_med)
    found: dict[Period, Cells] = {}
    for period in daily_history.PERIODS:
        group = daily_history.grouped(history, period)
        value = np.where(group.sums(judged) > 0, group.sums(major), np.nan)
        columns = {
            "threshold": {
                name: major_events.last_of(group, column) for name, column in held._asdict().items()
            }
        }
        found[period] = daily_history.cells(group, value, known, columns)
    return found


RECIPE: Final = HistoryRecipe(INDICATOR, "saidi", compute, years_after=major_events.YEARS)
