"""Local hours, days, months, quarters and years as instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DEFAULT_TIME_ZONE: Final = "Asia/Ho_Chi_Minh"


class Period(StrEnum):
    """Length of an indicator's period."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def period_start(instant: datetime, period: Period, zone: ZoneInfo) -> datetime:
    """Return the start of the local period that holds `instant` (aware), with the zone's offset."""
    local = instant.astimezone(zone)
    if period is Period.HOUR:
        # Through UTC, so that the two hours of an autumn change stay apart.
        return (instant.astimezone(UTC) - timedelta(minutes=local.minute, seconds=local.second,
                microseconds=local.microsecond)).astimezone(zone)  # fmt: skip
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period is Period.MONTH:
        return midnight.replace(day=1)
    if period is Period.QUARTER:
        return midnight.replace(month=(local.month - 1) // 3 * 3 + 1, day=1)
    if period is Period.YEAR:
        return midnight.replace(month=1, day=1)
    return midnight


def period_end(start: datetime, period: Period) -> datetime:
    """Return the end (exclusive) of the period that starts at `start` (aware, in its local zone)."""
    if period is Period.HOUR:
        return (start.astimezone(UTC) + timedelta(hours=1)).astimezone(start.tzinfo)
    if period is Period.DAY:
        # Wall-clock arithmetic: a local day may have 23 or 25 hours.
        return start + timedelta(days=1)
    if period is Period.MONTH:
        return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    if period is Period.QUARTER:
        return start.replace(year=start.year + start.month // 10, month=(start.month + 2) % 12 + 1)
    return start.replace(year=start.year + 1)
