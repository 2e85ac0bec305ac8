"""Lamp availability: share of the scheduled lamp time in which lamps are lit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators import held_values, local_hours
from processing.indicators.lighting import SCHEDULE, SCHEDULE_TEXT, is_lit
from processing.indicators.recipes import Finished, ReadingsRecipe, WindowTerms, ratio

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows

INDICATOR: Final = Indicator(
    code="lamp_availability",
    title=Text("Tỷ lệ đèn sáng theo lịch", "Lamp availability"),
    unit="%",
    service=Service.LIGHTING,
    direction=Direction.HIGHER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Thời gian đèn sáng trong lịch / thời gian biết trạng thái đèn trong lịch x 100. Trạng thái giữ "
        "đến số đo kế tiếp, không quá khoảng hở tối đa. Khu vực: gộp thời gian của các đèn. "
        + SCHEDULE_TEXT.vi,
        "Time lit within the schedule / time with a known lamp state within the schedule x 100. A state "
        "holds until the next reading, at most the maximum gap. Area: the time of its lamps together. "
        + SCHEDULE_TEXT.en,
    ),
    completeness_rule=Text(
        "Thời gian biết trạng thái trong lịch chia cho thời gian theo lịch; dưới 75 % thì không công bố.",
        "Time with a known state within the schedule over scheduled time; below 75 % nothing is published.",
    ),
    source="UK street lighting PFI output specification PS2 (lamps in light); Warwickshire: at least 98.5 %",
    method_version="1",
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return seconds lit and seconds known of the scheduled part of each window."""
    scheduled = local_hours.pieces_of(
        windows, windows.parameters["lamp_on_hour"], windows.parameters["lamp_off_hour"]
    )
    count = len(windows.start)
    held = held_values.seconds_where(windows, is_lit, (scheduled.start, scheduled.end))
    known = scheduled.sums(held.covered_s, count)
    return WindowTerms(
        np.column_stack((scheduled.sums(held.true_s, count), known)),
        known,
        scheduled.sums((scheduled.end - scheduled.start).astype(np.float64) * 1e-6, count),
        np.where(known > 0, held_values.readings(windows), 0),
    )


def finish(pooled: Pooled) -> Finished:
    """Return per cent of the known scheduled time."""
    lit, known = pooled.terms.sums.T
    return Finished(100.0 * ratio(lit, known))


RECIPE: Final = ReadingsRecipe(INDICATOR, ("lamp_state",), terms, finish, SCHEDULE)
