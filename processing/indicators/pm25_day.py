"""PM2.5: mean of 24 hours, of the month and of the year, against QCVN 05:2023/BTNMT."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind, Verdict
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.columns import VALID_SHARE, Cells, Floats, Ints, Note, SiteHours
from processing.grid import HOUR_US, from_us, period_edges
from processing.indicators.recipes import AreaRule, Reach, SiteSeriesRecipe
from processing.kernels import air
from processing.rulesets import limit_set

if TYPE_CHECKING:
    from collections.abc import Mapping

INDICATOR: Final = Indicator(
    code="pm25_day",
    title=Text("PM2.5 trung bình 24 giờ", "PM2.5, 24-hour mean"),
    unit="ug/m3",
    service=Service.AIR,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.YEAR),
    formula=Text(
        "Ngày: trung bình cộng các trung bình 1 giờ của ngày; tháng, năm: trung bình cộng các giá trị "
        "ngày. Ngày so với giới hạn 24 giờ (50, từ 01/01/2026 là 45 µg/Nm³), năm so với giới hạn năm (25 "
        "µg/Nm³); bằng giới hạn là đạt. Trước QCVN 05:2023, dùng giới hạn cũ nhất của quy chuẩn này.",
        "Day: mean of the day's 1-hour means; month and year: mean of the daily values. The day is judged "
        "by the 24-hour limit (50, from 01/01/2026 45 µg/Nm³), the year by the annual one (25 µg/Nm³); a "
        "mean equal to the limit complies. Periods before QCVN 05:2023 are judged by its oldest limit.",
    ),
    completeness_rule=Text(
        "Ngày: 18 trong 24 giờ (75 %); tháng: thiếu không quá 5 ngày và không quá 3 ngày liên tiếp (WMO); "
        "năm: 75 % số ngày. Thiếu hơn thì không có giá trị; ngày và năm không đạt vì thiếu minh chứng.",
        "Day: 18 of 24 hours (75 %); month: at most 5 days missing and at most 3 in a row (WMO); year: 75 "
        "% of the days. With less there is no value, and the day or year is not met for want of evidence.",
    ),
    source="QCVN 05:2023/BTNMT, Bảng 1; 1.3.8, 1.3.9",
    method_version="1",
)
REACH_HOURS: Final = Reach(before=0, after=0)

_PARAMETER: Final = "pm25"
_MISSING_DAYS_MAX: Final = 5
_MISSING_RUN_MAX: Final = 3
# Sums of decimal fractions miss the decimal result by a hair; a mean equal to the limit complies.
_EQUAL_WITHIN: Final = 1e-9


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return the means of each local day, month and year that lies wholly in the series."""
    hours_of_day = (series.day_end - series.day_start) // HOUR_US
    hours, mean, _ = air.daily(series.mean(_PARAMETER), series.day_of_hour, len(series.day_start))
    daily = np.where(hours >= np.ceil(VALID_SHARE * hours_of_day), mean, np.nan)
    return {
        Period.DAY: _judged(_cells(series.day_edges, daily, hours, hours_of_day), series.time_zone, "24h"),
        Period.MONTH: _of_days(series, daily, Period.MONTH),
        Period.YEAR: _judged(_of_days(series, daily, Period.YEAR), series.time_zone, "year"),
    }


def _of_days(series: SiteHours, daily: Floats, period: Period) -> Cells:
    """Return the means of the valid daily values of each whole month or year."""
    edges = _whole(series, period)
    count = max(len(edges) - 1, 0)
    # Where each period's days begin and end among the days of the series.
    bounds = np.searchsorted(series.day_start, edges)
    period_of_day = np.full(len(daily), -1, np.int64)
    for k, (first, end) in enumerate(pairwise(bounds.tolist())):
        period_of_day[first:end] = k
    n, mean, _ = air.daily(daily, period_of_day, count)
    days = np.diff(bounds).astype(np.int64)
    if period is Period.MONTH:
        gaps = [_longest_gap(daily[first:end]) for first, end in pairwise(bounds.tolist())]
        enough = (days - n <= _MISSING_DAYS_MAX) & (np.array(gaps, np.int64) <= _MISSING_RUN_MAX)
    else:
        enough = n >= VALID_SHARE * days
    return _cells(edges, np.where(enough, mean, np.nan), n, days)


def _whole(series: SiteHours, period: Period) -> Ints:
    """Return the edges of the periods that lie wholly inside the series' days."""
    if not len(series.day_edges):
        return series.day_edges
    first, last = int(series.day_edges[0]), int(series.day_edges[-1])
    edges = period_edges(first, last, period, series.time_zone)
    return edges[(edges >= first) & (edges <= last)]


def _longest_gap(daily: Floats) -> int:
    """Return the largest number of days without a value in a row."""
    longest = run = 0
    for missing in np.isnan(daily).tolist():
        run = run + 1 if missing else 0
        longest = max(longest, run)
    return longest


def _cells(edges: Ints, value: Floats, n: Ints, expected: Ints) -> Cells:
    return Cells(
        period_start=edges[:-1],
        period_end=edges[1:],
        value=value,
        n=n,
        completeness=n / expected,
        note=[
            None if known else Note.INCOMPLETE if count else Note.NO_DATA
            for known, count in zip((~np.isnan(value)).tolist(), n.tolist(), strict=True)
        ],
    )


def _judged(cells: Cells, time_zone: str, averaging: str) -> Cells:
    """Return the cells with the limit of their first local day and the verdict."""
    limits, zone = limit_set("qcvn_05_2023"), ZoneInfo(time_zone)
    days = [from_us(start).astimezone(zone).date() for start in cells.period_start.tolist()]
    held = [limits.limit(_PARAMETER, averaging, day) for day in days]
    limit = np.array([np.nan if one is None else one.maximum for one in held])
    return replace(
        cells,
        limit=limit,
        verdict=[
            None
            if np.isnan(most)
            else Verdict.NO_EVIDENCE
            if np.isnan(value)
            else Verdict.MET
            if value <= most + _EQUAL_WITHIN
            else Verdict.NOT_MET
            for value, most in zip(cells.value.tolist(), limit.tolist(), strict=True)
        ],
    )


RECIPE: Final = SiteSeriesRecipe(INDICATOR, (_PARAMETER,), compute, REACH_HOURS, AreaRule.MEAN)
