"""Major event days by the 2.5 beta method of IEEE 1366-2012, annex B.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from domain.text import Text
from processing.indicators import daily_history

if TYPE_CHECKING:
    from processing.columns import Bools, Floats, Ints
    from processing.indicators.recipes import DailyHistory

SOURCE: Final = "IEEE 1366-2012, 3.5 and annex B.2 (2.5 beta)"
YEARS: Final = 5
METHOD: Final = Text(
    "Ngưỡng T_MED = exp(α + 2,5 β), với α là trung bình và β là độ lệch chuẩn mẫu (n - 1) của ln SAIDI "
    "ngày trong tối đa 5 năm liền trước, bỏ các ngày có SAIDI bằng 0. Ngày của năm có SAIDI lớn hơn T_MED "
    "là ngày sự cố lớn. Lần mất điện ghi vào ngày nó bắt đầu.",
    "Threshold T_MED = exp(α + 2.5 β), α the mean and β the sample deviation (n - 1) of ln of daily SAIDI "
    "over up to 5 years before, days with a SAIDI of 0 dropped. A day of the year with a SAIDI above "
    "T_MED is a major event day. An interruption is booked on the day on which it began.",
)
RULE: Final = Text(
    "Cần ít nhất 2 ngày có SAIDI lớn hơn 0 trong 5 năm liền trước; chưa có thì không có giá trị. Độ đầy "
    "đủ: tỷ lệ số ngày của kỳ có SAIDI.",
    "Needs at least 2 days with a SAIDI above 0 in the 5 years before; without them there is no value. "
    "Completeness: share of the period's days that have a SAIDI.",
)
_BETAS: Final = 2.5
_DAYS_MIN: Final = 2


class Thresholds(NamedTuple):
    """What a year is judged by, one entry of shape (d,) per day of the history.

    Attributes:
        alpha: mean of the logarithms, NaN with fewer than two days.
        beta: their sample deviation.
        t_med: threshold, in minutes.
        days: number of days that went in.
    """

    alpha: Floats
    beta: Floats
    t_med: Floats
    days: Floats


def thresholds(history: DailyHistory) -> Thresholds:
    """Return the thresholds that hold on each day, from the five calendar years before its own."""
    years = daily_history.years_of(history)
    found = np.full((4, len(years)), np.nan)
    counts = history.value > 0  # NaN compares false
    logs = np.log(np.where(counts, history.value, 1.0))
    for year in np.unique(years).tolist():
        past = logs[counts & (years >= year - YEARS) & (years < year)]
        mine = years == year
        found[3, mine] = len(past)
        if len(past) >= _DAYS_MIN:
            alpha, beta = float(np.mean(past)), float(np.std(past, ddof=1))
            found[:3, mine] = np.array([[alpha], [beta], [np.exp(alpha + _BETAS * beta)]])
    return Thresholds(*found)


def is_major(history: DailyHistory, found: Thresholds) -> Bools:
    """Return which days are major event days, shape (d,); none where there is no threshold."""
    return history.value > found.t_med


def last_of(group: daily_history.Group, each: Floats) -> Floats:
    """Return the entry of the last day of each period, shape (m,); a period lies within one year."""
    last: Ints = np.searchsorted(group.row, np.arange(len(group.start)), side="right") - 1
    return each[last] if len(each) else each
