"""Buffer index: the extra time, as a share of the mean, that nineteen of twenty trips stay within."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.text import Text
from processing.indicators import traffic
from processing.indicators.recipes import AreaRule, Finished, ReadingsRecipe

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows, WindowTerms

INDICATOR: Final = traffic.definition(
    "buffer_index",
    traffic.Words(
        Text("Chỉ số thời gian đệm", "Buffer index"),
        Text(
            "(phân vị 95 - trung bình) / trung bình của thời gian hành trình giờ cao điểm. "
            + traffic.PEAK_TEXT.vi,
            "(95th percentile - mean) / mean of the travel times of the peak hours. " + traffic.PEAK_TEXT.en,
        ),
        traffic.PEAK_RULE,
        "US DOT ARC-IT; OKI: buffer time = 95th percentile - mean travel time",
    ),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return sums of the peak hours and counts of their travel times."""
    return traffic.peak_terms(windows, off_peak=False)


def finish(pooled: Pooled) -> Finished:
    """Return the buffer as a share of the mean, with the buffer in seconds beside it."""
    peak = traffic.peak_of(pooled)
    high = traffic.travel_time(traffic.percentile(pooled, 95.0, in_peak=True))
    details = [
        {
            "p95_peak_s": most,
            "mean_peak_s": mean,
            "buffer_s": most - mean,
            "per": peak.per(row),
            "peak_readings": int(n),
        }
        for row, (most, mean, n) in enumerate(zip(high, peak.time, peak.readings, strict=True))
    ]
    return Finished((high - peak.time) / peak.time, details)


RECIPE: Final = ReadingsRecipe(
    INDICATOR, traffic.QUANTITIES, terms, finish, traffic.PEAK_HOURS, AreaRule.MEAN
)
