"""Times of files and parameters as instants, and instants as local texts."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from processing.grid import from_us, to_us

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

EXPECTED: Final = (
    "RFC 3339 such as 2026-01-31T07:00:00+07:00, local time such as 2026-01-31 07:00, or seconds since 1970, "
    "from 1800 to 2199"
)
# Local periods around a stamp must be dates as well; 9999-12-31 means "never" in some files.
_EARLIEST_US: Final = to_us(datetime(1800, 1, 1, tzinfo=UTC))
_LATEST_US: Final = to_us(datetime(2200, 1, 1, tzinfo=UTC))
# An epoch of 0 among stamps of today is a clock without a battery, and would ask for half a million hours.
SPAN_MAX_Y: Final = 50
SPAN_MAX_US: Final = SPAN_MAX_Y * 366 * 86_400_000_000
# Milliseconds are not guessed: as seconds they lie beyond the year 2286.
_EPOCH_S_MAX: Final = 1e10
_MIDNIGHT: Final = re.compile(r"(.*[T ])24:00(:00(?:\.0*)?)?((?:[Zz]|[+-]\d\d:?\d\d)?)", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{8}|\d{14})", re.ASCII)


class TimeReader:
    """Reads times; those without an offset are local times of a zone, the first of two that it repeats."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def instant(self, found: object) -> int:
        """Return microseconds since 1970 UTC.

        Args:
            found: a text, a date or datetime, or seconds since 1970.

        Raises:
            ValueError: it is no time.
            OverflowError: it lies outside of what can be said.
        """
        instant = self._read(found)
        if not _EARLIEST_US <= instant < _LATEST_US:
            raise OverflowError(found)
        return instant

    def _read(self, found: object) -> int:
        if isinstance(found, datetime):
            return self._of_datetime(found)
        if isinstance(found, date):
            return self._of_datetime(datetime.combine(found, time()))
        if isinstance(found, bool):
            raise ValueError(found)  # noqa: TRY004 # the caller asks for one kind of error
        if isinstance(found, int | float):
            return _of_epoch(found)
        return self._of_text(str(found).strip())

    def _of_text(self, text: str) -> int:
        # 20260131 and 20260131070000 are dates as Python reads them, not seconds.
        if _NUMBER.fullmatch(text) and not _COMPACT.fullmatch(text):
            return _of_epoch(float(text))
        midnight = _MIDNIGHT.fullmatch(text)
        if midnight is not None:
            start, seconds, offset = midnight.groups()
            return self._of_datetime(
                datetime.fromisoformat(f"{start}00:00{seconds or ''}{offset}") + timedelta(days=1)
            )
        if len(text) == len("YYYYMMDDhhmmss") and text.isdigit():
            text = f"{text[:8]}T{text[8:]}"
        return self._of_datetime(datetime.fromisoformat(text))

    def _of_datetime(self, found: datetime) -> int:
        aware = found if found.tzinfo is not None else found.replace(tzinfo=self.zone, fold=0)
        return to_us(aware.astimezone(UTC))


def _of_epoch(seconds: float) -> int:
    if not abs(seconds) < _EPOCH_S_MAX:
        raise OverflowError(seconds)
    return round(seconds * 1_000_000)


def text_of(instant_us: int, zone: ZoneInfo) -> str:
    """Return an instant as RFC 3339 with the zone's own offset."""
    return from_us(instant_us).astimezone(zone).isoformat()
