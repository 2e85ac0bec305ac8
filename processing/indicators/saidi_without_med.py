"""SAIDI without the major event days."""

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
    code="saidi_without_med",
    title=Text("SAIDI không kể ngày sự cố lớn", "SAIDI without major event days"),
    unit="min",
    service=Service.ELECTRICITY,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=daily_history.PERIODS,
    formula=Text(
        "Tổng SAIDI của các ngày không phải ngày sự cố lớn (với ngày sự cố lớn: 0). "
        + major_events.METHOD.vi,
        "Sum of the SAIDI of the days that are no major event days (of such a day: 0). "
        + major_events.METHOD.en,
    ),
    completeness_rule=major_events.RULE,
    source=major_events.SOURCE,
    method_version="1",
)


def compute(history: DailyHistory) -> Mapping[Period, Cells]:
    """Return minutes without power on ordinary days, beside those of all days."""
    held = major_events.thresholds(history)
    major = major_events.is_major(history, held)
    known = ~np.isnan(history.value)
    judged = known & ~np.isnan(held.t_med)
    minutes = np.where(known, history.value, 0.0)
    found: dict[Period, Cells] = {}
    for period in daily_history.PERIODS:
        group = daily_history.grouped(history, period)
        ordinary = np.where(group.sums(judged) > 0, group.sums(np.where(major, 0.0, minutes)), np.nan)
        columns = {
            "all_days": {"saidi": group.sums(minutes), "major_event_days": group.sums(major)},
            "threshold": {"t_med": major_events.last_of(group, held.t_med)},
        }
        found[period] = daily_history.cells(group, ordinary, known, columns)
    return found


RECIPE: Final = HistoryRecipe(INDICATOR, "saidi", compute, years_after=major_events.YEARS)
