"""Excess waiting time: how much longer passengers wait than the timetable promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.text import Text
from processing.indicators import bus
from processing.indicators.recipes import Finished, ReadingsRecipe, WindowTerms, ratio

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows

INDICATOR: Final = bus.definition(
    "bus_excess_wait",
    Text("Thời gian chờ xe buýt vượt quá biểu đồ", "Bus excess waiting time"),
    Text(
        "Σ H² / (2 Σ H) của giãn cách thực - như vậy của giãn cách theo biểu đồ (khách đến ngẫu nhiên). Công "
        "thức CHƯA đối chiếu với văn bản gốc. " + bus.HEADWAY_TEXT.vi,
        "Σ H² / (2 Σ H) of the headways less the same of the scheduled ones (passengers come at random). The "
        "formula is NOT yet compared with its source. " + bus.HEADWAY_TEXT.en,
    ),
    "Transport for London, excess waiting time (formula recalled)",
    "s",
)

_HELD_S, _PROMISED = -2, -1


def terms(windows: SensorWindows) -> WindowTerms:
    """Return sums over the headways of each window; last, seconds of service, and x scheduled headway."""
    found = bus.headway_terms(windows)
    timetable = windows.parameters[bus.SCHEDULED_HEADWAY.name]
    # The timetable holds for all the time of service, also where no bus came.
    held_s = np.zeros_like(found.asked) if np.isnan(timetable) else found.asked
    promised = held_s * np.nan_to_num(timetable)
    return WindowTerms(np.column_stack((found.sums, held_s, promised)), found.present, found.asked, found.n)


def finish(pooled: Pooled) -> Finished:
    """Return seconds; actual and scheduled mean wait, headways recorded and scheduled beside it."""
    sums = pooled.terms.sums
    actual = ratio(sums[:, bus.ACTUAL_SQUARES], 2.0 * sums[:, bus.ACTUAL])
    promised = ratio(sums[:, _PROMISED], 2.0 * sums[:, _HELD_S])
    details = [
        {"actual_wait_s": waited, "scheduled_wait_s": planned, **of}
        for waited, planned, of in zip(actual.tolist(), promised.tolist(), bus.coverage(pooled), strict=True)
    ]
    return Finished(actual - promised, details)


RECIPE: Final = ReadingsRecipe(
    INDICATOR, ("headway",), terms, finish, (*bus.SERVICE_HOURS, bus.SCHEDULED_HEADWAY)
)
