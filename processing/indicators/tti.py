"""Travel time index: how much longer a trip takes in the peak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.text import Text
from processing.indicators import traffic
from processing.indicators.recipes import AreaRule, Finished, ReadingsRecipe

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows, WindowTerms

INDICATOR: Final = traffic.definition(
    "tti",
    traffic.Words(
        Text("Chỉ số thời gian hành trình (TTI)", "Travel time index (TTI)"),
        Text(
            "Thời gian hành trình trung bình giờ cao điểm / thời gian hành trình thông thoáng; 1,30: chuyến "
            "đi 20 phút mất 26 phút. U4SSC: đến 1,5 là tốt, đến 2,5 có thể chấp nhận. "
            + traffic.PEAK_TEXT.vi
            + " "
            + traffic.FREE_TEXT.vi,
            "Mean travel time of the peak hours / free-flow travel time; 1.30: a trip of 20 minutes takes "
            "26. U4SSC: up to 1.5 good, up to 2.5 potentially acceptable. "
            + traffic.PEAK_TEXT.en
            + " "
            + traffic.FREE_TEXT.en,
        ),
        traffic.RULE,
        "U4SSC EC:I:T:5A (ITU-T manual 2022, p. 82); peak hours: Transport Canada",
    ),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return sums of the peak hours and counts of travel times."""
    return traffic.peak_terms(windows, off_peak=not traffic.known_free_flow(windows))


def finish(pooled: Pooled) -> Finished:
    """Return mean peak time over free-flow time, with both beside it."""
    peak = traffic.peak_of(pooled)
    free = traffic.travel_time(traffic.free_flow(pooled))
    details = [
        {"mean_peak_s": mean, "free_flow_s": least, "per": peak.per(row), "peak_readings": int(n)}
        for row, (mean, least, n) in enumerate(zip(peak.time, free, peak.readings, strict=True))
    ]
    return Finished(peak.time / free, details)


RECIPE: Final = ReadingsRecipe(
    INDICATOR,
    traffic.QUANTITIES,
    terms,
    finish,
    (*traffic.PEAK_HOURS, *traffic.FREE_FLOW),
    AreaRule.MEAN,
)
