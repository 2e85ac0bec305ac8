"""What the indicators of QCVN 05:2023/BTNMT share: means of a span, compliance shares and dated limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind, Verdict
from domain.periods import Period
from domain.quantities import QUANTITIES, Service
from domain.text import Text
from processing.columns import VALID_SHARE, Cells, Floats, Ints, Note, SiteHours
from processing.grid import HOUR_US, period_edges, to_us
from processing.indicators.recipes import Reach
from processing.kernels import air
from processing.rulesets.air_limits import limit_words, limits_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.columns import Bools

SOURCE: Final = "QCVN 05:2023/BTNMT, Bảng 1; 1.3.6, 1.3.7, 1.3.8, 1.3.9"
EIGHT_HOURS: Final = 8
EIGHT_HOURS_REQUIRED: Final = 6
NO_REACH: Final = Reach(before=0, after=0)
EIGHT_HOURS_REACH: Final = Reach(before=EIGHT_HOURS - 1, after=0)
DAY_PERIODS: Final = (Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR)
LONG_PERIODS: Final = (Period.MONTH, Period.QUARTER, Period.YEAR)

_MISSING_DAYS_MAX: Final = 5
_MISSING_RUN_MAX: Final = 3
# Sums of decimal fractions miss the decimal result by a hair; a mean equal to the limit complies.
_EQUAL_WITHIN: Final = 1e-9
# Air pollution in the U4SSC set: annual means of these.
_U4SSC: Final = "EN:EN:AQ:1C"
_U4SSC_PARAMETERS: Final = frozenset({"pm10", "pm25", "no2", "so2", "o3"})
_STATIONS: Final = (SubjectKind.SITE, SubjectKind.AREA)
_DAY_RULE: Final = Text(
    "Ngày: 18 trong 24 giờ (75 %); tháng: thiếu không quá 5 ngày và không quá 3 ngày liên tiếp (WMO); quý, "
    "năm: 75 % số ngày. Thiếu hơn thì không có giá trị; kỳ có giới hạn không đạt vì thiếu minh chứng.",
    "Day: 18 of 24 hours (75 %); month: at most 5 days missing and at most 3 in a row (WMO); quarter and "
    "year: 75 % of the days. With less there is no value, and a period with a limit is not met for want of "
    "evidence.",
)


def day_indicator(parameter: str, title: Text) -> Indicator:
    """Return the definition of `<parameter>_day`: means of day, month, quarter and year."""
    judged = [
        (vi, en, words)
        for averaging, vi, en in (("24h", "ngày", "the day"), ("year", "năm", "the year"))
        if (words := limit_words(limits_of(parameter, averaging))) is not None
    ]
    vi = ", ".join(f"{span} so với giới hạn {words.vi} µg/Nm³" for span, _, words in judged)
    en = ", ".join(f"{span} is judged by the limit {words.en} µg/Nm³" for _, span, words in judged)
    counted = parameter in _U4SSC_PARAMETERS
    return Indicator(
        code=f"{parameter}_day",
        title=title,
        unit="ug/m3",
        service=Service.AIR,
        direction=Direction.LOWER,
        subject_kinds=_STATIONS,
        periods=DAY_PERIODS,
        formula=Text(
            "Ngày: trung bình cộng các trung bình 1 giờ của ngày; tháng, quý, năm: trung bình cộng các giá "
            + (
                f"trị ngày. Giới hạn: {vi}; bằng giới hạn là đạt. "
                if judged
                else "trị ngày. Không có giới hạn. "
            )
            + "Trước QCVN 05:2023, dùng giới hạn cũ nhất của quy chuẩn này."
            + (f" Giá trị năm là chỉ số U4SSC {_U4SSC} của thông số này." if counted else ""),
            "Day: mean of the day's 1-hour means; month, quarter and year: mean of the daily values. "
            + (f"Limits: {en}; a mean equal to the limit complies. " if judged else "There is no limit. ")
            + "Periods before QCVN 05:2023 are judged by its oldest limit."
            + (f" The annual value is the U4SSC indicator {_U4SSC} of this parameter." if counted else ""),
        ),
        completeness_rule=_DAY_RULE,
        source=f"{SOURCE}; U4SSC {_U4SSC}" if counted else SOURCE,
        method_version="1",
    )


def hour_indicator(parameter: str) -> Indicator:
    """Return the definition of `<parameter>_hour`: the 1-hour mean against its limit."""
    title = QUANTITIES[parameter].title
    words = limit_words(limits_of(parameter, "1h"))
    vi, en = (words.vi, words.en) if words else ("-", "-")
    return Indicator(
        code=f"{parameter}_hour",
        title=Text(f"{title.vi}, trung bình 1 giờ", f"{title.en}, 1-hour mean"),
        unit="ug/m3",
        service=Service.AIR,
        direction=Direction.LOWER,
        subject_kinds=_STATIONS,
        periods=(Period.HOUR,),
        formula=Text(
            f"Trung bình cộng các giá trị đo trong giờ, so với giới hạn 1 giờ {vi} µg/Nm³; bằng giới hạn là "
            "đạt.",
            f"Mean of the values measured in the hour, judged by the 1-hour limit {en} µg/Nm³; a mean equal "
            "to the limit complies.",
        ),
        completeness_rule=Text(
            "Giờ cần 75 % số liệu; thiếu hơn thì không đạt vì thiếu minh chứng.",
            "An hour needs 75 % of its data; with less it is not met for want of evidence.",
        ),
        source=SOURCE,
        method_version="1",
    )


def eight_hour_indicator(parameter: str) -> Indicator:
    """Return the definition of `<parameter>_8h_day`: the day's highest 8-hour mean against its limit."""
    title = QUANTITIES[parameter].title
    words = limit_words(limits_of(parameter, "8h"))
    vi, en = (words.vi, words.en) if words else ("-", "-")
    return Indicator(
        code=f"{parameter}_8h_day",
        title=Text(
            f"{title.vi}, trung bình 8 giờ lớn nhất trong ngày", f"{title.en}, highest 8-hour mean of the day"
        ),
        unit="ug/m3",
        service=Service.AIR,
        direction=Direction.LOWER,
        subject_kinds=_STATIONS,
        periods=(Period.DAY,),
        formula=Text(
            "Giá trị lớn nhất trong 24 trung bình 8 giờ của ngày; mỗi trung bình là của giờ đó và 7 giờ "
            f"trước, kể cả giờ của ngày hôm trước. So với giới hạn 8 giờ {vi} µg/Nm³; bằng giới hạn là đạt.",
            "Highest of the day's 24 8-hour means, each of its hour and the 7 before, those of the day "
            f"before included. Judged by the 8-hour limit {en} µg/Nm³; a mean equal to the limit complies.",
        ),
        completeness_rule=Text(
            "Trung bình 8 giờ cần 6 trong 8 giờ; ngày cần 18 trong 24 giờ có số liệu.",
            "An 8-hour mean needs 6 of its 8 hours; a day needs 18 of its 24 hours.",
        ),
        source=SOURCE,
        method_version="1",
    )


def compliance_indicator(parameter: str, averaging: str) -> Indicator:
    """Return the definition of the share of hours, or days, within the limit of `averaging`."""
    title = QUANTITIES[parameter].title
    words = limit_words(limits_of(parameter, averaging))
    vi, en = (words.vi, words.en) if words else ("-", "-")
    span, unit_vi, unit_en, periods = {
        "1h": ("hour", "giờ", "hours", DAY_PERIODS),
        "8h": ("8h_day", "ngày (trung bình 8 giờ lớn nhất)", "days (highest 8-hour mean)", LONG_PERIODS),
        "24h": ("day", "ngày", "days", LONG_PERIODS),
    }[averaging]  # fmt: skip
    return Indicator(
        code=f"{parameter}_{span}_compliance",
        title=Text(f"{title.vi}: tỷ lệ {unit_vi} đạt", f"{title.en}: share of {unit_en} within the limit"),
        unit="%",
        service=Service.AIR,
        direction=Direction.HIGHER,
        subject_kinds=_STATIONS,
        periods=periods,
        formula=Text(
            f"Số {unit_vi} có trung bình không quá giới hạn {vi} µg/Nm³ chia cho số {unit_vi} có trung bình, "
            "nhân 100.",
            f"Number of {unit_en} with a mean at or below the limit {en} µg/Nm³ over the number of {unit_en} "
            "with a mean, times 100.",
        ),
        completeness_rule=Text(
            f"Cần trung bình hợp lệ của 75 % số {unit_vi} trong kỳ.",
            f"Needs valid means of 75 % of the period's {unit_en}.",
        ),
        source=SOURCE,
        method_version="1",
    )


def hour_means(series: SiteHours, parameter: str) -> Mapping[Period, Cells]:
    """Return the 1-hour mean of each hour of the series, with limit and verdict."""
    value = series.mean(parameter)
    known = (~np.isnan(value)).astype(np.int64)
    edges = np.append(series.hour_start, series.end_us).astype(np.int64)
    cells = _cells(edges[: len(value) + 1], value, known, np.ones(len(value), np.int64))
    return {Period.HOUR: judged(cells, parameter, "1h", series.time_zone)}


def day_means(series: SiteHours, parameter: str) -> Mapping[Period, Cells]:
    """Return the means of each local day, month, quarter and year that lies wholly in the series."""
    daily, hours, hours_of_day = daily_values(series, parameter)
    days = _cells(series.day_edges, daily, hours, hours_of_day)
    return {
        Period.DAY: judged(days, parameter, "24h", series.time_zone),
        Period.MONTH: _of_days(series, daily, Period.MONTH),
        Period.QUARTER: _of_days(series, daily, Period.QUARTER),
        Period.YEAR: judged(_of_days(series, daily, Period.YEAR), parameter, "year", series.time_zone),
    }


def daily_values(series: SiteHours, parameter: str) -> tuple[Floats, Ints, Ints]:
    """Return the daily means (NaN where under 75 % of the hours), hours with a value, hours of the day."""
    hours_of_day = (series.day_end - series.day_start) // HOUR_US
    hours, mean, _ = air.daily(series.mean(parameter), series.day_of_hour, len(series.day_start))
    return np.where(hours >= np.ceil(VALID_SHARE * hours_of_day), mean, np.nan), hours, hours_of_day


def highest_8h(series: SiteHours, parameter: str) -> tuple[Floats, Ints, Ints]:
    """Return each day's highest 8-hour mean, hours with a value, hours of the day; shape (d,) each."""
    _, hours, hours_of_day = daily_values(series, parameter)
    means = air.trailing_mean(series.mean(parameter), EIGHT_HOURS, EIGHT_HOURS_REQUIRED)
    highest = air.daily(means, series.day_of_hour, len(hours)).maximum
    return np.where(hours >= np.ceil(VALID_SHARE * hours_of_day), highest, np.nan), hours, hours_of_day


def eight_hour_days(series: SiteHours, parameter: str) -> Mapping[Period, Cells]:
    """Return the highest 8-hour mean of each local day that has the 7 hours before it in the series."""
    cells = _cells(series.day_edges, *highest_8h(series, parameter))
    known = cells.take(with_hours_before(series))
    return {Period.DAY: judged(known, parameter, "8h", series.time_zone)}


def with_hours_before(series: SiteHours, hours: int = EIGHT_HOURS - 1) -> Bools:
    """Return which of the days have so many hours before them in the series."""
    return series.day_start - hours * HOUR_US >= series.start_us


def hour_compliance(series: SiteHours, parameter: str) -> Mapping[Period, Cells]:
    """Return the share of hours within the 1-hour limit of each whole day, month, quarter and year."""
    value = series.mean(parameter)
    within = _within(value, limits_at(parameter, "1h", series.hour_start, series.time_zone))
    good, valid = (hours_per_day(series, which) for which in (within, ~np.isnan(value)))
    return shares(series, good, valid, (series.day_end - series.day_start) // HOUR_US, DAY_PERIODS)


def hours_per_day(series: SiteHours, which: Bools) -> Ints:
    """Return how many hours of each day are true, shape (d,)."""
    day = series.day_of_hour
    return np.bincount(day[(day >= 0) & which], minlength=len(series.day_start)).astype(np.int64)


def day_compliance(series: SiteHours, parameter: str, averaging: str) -> Mapping[Period, Cells]:
    """Return the share of days within the limit ("24h", or "8h" by the highest 8-hour mean).

    With "8h" the first hours of a period's first day need the 7 hours before it; a period that begins
    nearer to the start of the series is left out.
    """
    eight = averaging == "8h"
    daily = (highest_8h if eight else daily_values)(series, parameter)[0]
    within = _within(daily, limits_at(parameter, averaging, series.day_start, series.time_zone))
    ones = np.ones(len(daily), np.int64)
    found = shares(series, within.astype(np.int64), (~np.isnan(daily)).astype(np.int64), ones, LONG_PERIODS)
    if not eight:
        return found
    earliest = series.start_us + (EIGHT_HOURS - 1) * HOUR_US
    return {period: cells.take(cells.period_start >= earliest) for period, cells in found.items()}


def judged(cells: Cells, parameter: str, averaging: str, time_zone: str) -> Cells:
    """Return the cells with the limit of their first local day and the verdict."""
    limit = limits_at(parameter, averaging, cells.period_start, time_zone)
    # 0: there is no limit, 1: no evidence, 2: not met, 3: met.
    words = (None, Verdict.NO_EVIDENCE, Verdict.NOT_MET, Verdict.MET)
    code = np.where(np.isnan(cells.value), 1, np.where(_within(cells.value, limit), 3, 2))
    code = np.where(np.isnan(limit), 0, code)
    return replace(cells, limit=limit, verdict=[words[one] for one in code.tolist()])


def limits_at(parameter: str, averaging: str, instants: Ints, time_zone: str) -> Floats:
    """Return the limit that holds at each instant, by its local day; NaN where the regulation gives none."""
    since, maximum = _steps(parameter, averaging, time_zone)
    return maximum[np.searchsorted(since, instants, side="right")]


@cache
def _steps(parameter: str, averaging: str, time_zone: str) -> tuple[Ints, Floats]:
    """Return the local midnights at which the limit changes, and the limits before, between and after."""
    zone, limits = ZoneInfo(time_zone), limits_of(parameter, averaging)
    since = [to_us(datetime.combine(one.valid_from, time(), zone)) for one in limits if one.valid_from]
    always = [one.maximum for one in limits if not one.valid_from]
    later = [one.maximum for one in limits if one.valid_from]
    return np.array(since, np.int64), np.array([*(always or [np.nan]), *later])


def _within(value: Floats, limit: Floats) -> Bools:
    return value <= limit + _EQUAL_WITHIN


def _of_days(series: SiteHours, daily: Floats, period: Period) -> Cells:
    """Return the means of the valid daily values of each whole month, quarter or year."""
    edges, bounds = _whole(series, period)
    period_of_day = np.full(len(daily), -1, np.int64)
    for k, (first, end) in enumerate(pairwise(bounds.tolist())):
        period_of_day[first:end] = k
    n, mean, _ = air.daily(daily, period_of_day, max(len(edges) - 1, 0))
    days = np.diff(bounds).astype(np.int64)
    if period is Period.MONTH:
        gaps = [_longest_gap(daily[first:end]) for first, end in pairwise(bounds.tolist())]
        enough = (days - n <= _MISSING_DAYS_MAX) & (np.array(gaps, np.int64) <= _MISSING_RUN_MAX)
    else:
        enough = n >= VALID_SHARE * days
    return _cells(edges, np.where(enough, mean, np.nan), n, days)


def shares(
    series: SiteHours, good: Ints, valid: Ints, expected: Ints, periods: tuple[Period, ...]
) -> Mapping[Period, Cells]:
    """Return 100 x good / valid of the days' counts, shape (d,), over each whole period."""
    found: dict[Period, Cells] = {}
    for period in periods:
        edges, bounds = _whole(series, period)
        sums = [np.diff(np.append(0, np.cumsum(one))[bounds]) for one in (good, valid, expected)]
        share = np.full(len(sums[0]), np.nan)
        enough = (sums[1] >= VALID_SHARE * sums[2]) & (sums[1] > 0)
        np.divide(100.0 * sums[0], sums[1], out=share, where=enough)
        found[period] = _cells(edges, share, sums[1].astype(np.int64), sums[2].astype(np.int64))
    return found


def _whole(series: SiteHours, period: Period) -> tuple[Ints, Ints]:
    """Return the edges of the periods that lie wholly inside the series' days, and their day numbers."""
    edges = series.day_edges
    if len(edges):
        first, last = int(edges[0]), int(edges[-1])
        edges = period_edges(first, last, period, series.time_zone)
        edges = edges[(edges >= first) & (edges <= last)]
    return edges, np.searchsorted(series.day_start, edges).astype(np.int64)


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
