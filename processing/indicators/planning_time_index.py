"""Planning time index: how much time to plan for, to be late once in twenty trips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.text import Text
from processing.indicators import traffic
from processing.indicators.recipes import AreaRule, Finished, ReadingsRecipe

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows, WindowTerms

INDICATOR: Final = traffic.definition(
    "planning_time_index",
    traffic.Words(
        Text("Chỉ số thời gian dự kiến (PTI)", "Planning time index (PTI)"),
        Text(
            "Phân vị 95 của thời gian hành trình giờ cao điểm / thời gian hành trình thông thoáng. Công thức "
            "CHƯA đối chiếu với văn bản gốc. " + traffic.PEAK_TEXT.vi + " " + traffic.FREE_TEXT.vi,
            "95th percentile of the travel times of the peak hours / free-flow travel time. The formula is "
            "NOT yet compared with its source. " + traffic.PEAK_TEXT.en + " " + traffic.FREE_TEXT.en,
        ),
        traffic.RULE,
        "FHWA travel time reliability: planning time index (formula recalled)",
    ),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return sums of the peak hours and counts of travel times."""
    return traffic.peak_terms(windows, off_peak=not traffic.known_free_flow(windows))


def finish(pooled: Pooled) -> Finished:
    """Return the 95th percentile of the peak over free flow; NaN with too little of the peak known."""
    peak = traffic.peak_of(pooled)
    high = traffic.travel_time(traffic.percentile(pooled, 95.0, in_peak=True))
    free = traffic.travel_time(traffic.free_flow(pooled))
    # The mean is NaN where too little of the peak is known.
    value = high / free + 0.0 * peak.time
    details = [
        {"p95_peak_s": most, "free_flow_s": least, "per": peak.per(row), "peak_readings": int(n)}
        for row, (most, least, n) in enumerate(zip(high, free, peak.readings, strict=True))
    ]
    return Finished(value, details)


RECIPE: Final = ReadingsRecipe(
    INDICATOR,
    traffic.QUANTITIES,
    terms,
    finish,
    (*traffic.PEAK_HOURS, *traffic.FREE_FLOW),
    AreaRule.MEAN,
)
