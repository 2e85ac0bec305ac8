"""RFC 3339 times in text, many at once: `2026-11-23T08:00:00.5+07:00` or `Z`, fractions of up to 6 digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.formats.number_arrays import digits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ingest.formats.number_arrays import Characters

_CLOCK: Final = 19  # characters of 2026-11-23T08:00:00
_OFFSET: Final = 6  # of +07:00
_FRACTION_MAX: Final = 6
_DOT, _UPPER_Z, _PLUS, _MINUS = b".Z+-"
_SEPARATORS: Final = ((4, b"-"), (7, b"-"), (10, b"T"), (13, b":"), (16, b":"))
_MONTH_DAYS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0])
_FEBRUARY: Final = 2
_TENS: Final = 10 ** np.arange(_FRACTION_MAX + 1)


def timestamps(
    characters: Characters, start: NDArray[np.intp], end: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return (microseconds since 1970, valid) of times of the years 1 to 9999.

    Args:
        characters: the text.
        start: shape (n,).
        end: shape (n,), behind the last character.
    """
    data = characters.data
    valid = end - start > _CLOCK
    # What is too short is read from its own first characters on, harmlessly, and not valid.
    for offset, character in _SEPARATORS:
        valid &= data[start + offset] == character[0]
    fields: list[NDArray[np.int64]] = []
    for first, last in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)):
        value, is_digits = digits(characters, start + first, start + last)
        fields.append(value.astype(np.int64))
        valid &= is_digits
    year, month, day, hour, minute, second = fields
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last_day = _MONTH_DAYS[np.minimum(month, 15)] + (leap & (month == _FEBRUARY))
    valid &= (year >= 1) & (month >= 1) & (day >= 1) & (day <= last_day)
    valid &= (hour <= 23) & (minute <= 59) & (second <= 59)  # noqa: PLR2004 # a day's clock
    zone, offset_s, zone_valid = _zones(characters, end)
    fraction_us, fraction_valid = _fractions(characters, start + _CLOCK, zone)
    seconds = _days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset_s
    return seconds * 1_000_000 + fraction_us, valid & zone_valid & fraction_valid


def _zones(
    characters: Characters, end: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.bool_]]:
    """Return (position of the zone, its offset in seconds, valid)."""
    data = characters.data
    universal = data[end - 1] == _UPPER_Z
    sign = data[end - _OFFSET]
    hours, hours_valid = digits(characters, end - 5, end - 3)
    minutes, minutes_valid = digits(characters, end - 2, end)
    offset_s = hours.astype(np.int64) * 3_600 + minutes.astype(np.int64) * 60
    valid = hours_valid & minutes_valid & (hours <= 23) & (minutes <= 59)  # noqa: PLR2004 # of a day
    valid &= ((sign == _PLUS) | (sign == _MINUS)) & (data[end - 3] == b":"[0])
    offset_s = np.where(sign == _MINUS, -offset_s, offset_s)
    return (
        np.where(universal, end - 1, end - _OFFSET),
        np.where(universal, 0, offset_s),
        universal | valid,
    )


def _fractions(
    characters: Characters, start: NDArray[np.intp], end: NDArray[np.intp]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return (microseconds, valid) of the fractions of a second between two positions; none is 0."""
    length = end - start
    places = length - 1
    valid = (length == 0) | ((characters.data[start] == _DOT) & (places >= 1) & (places <= _FRACTION_MAX))
    has_one = valid & (places >= 1)
    if not has_one.any():
        return np.zeros(len(start), dtype=np.int64), valid
    value, is_digits = digits(characters, np.where(has_one, start + 1, end), end)
    scale = _TENS[_FRACTION_MAX - np.clip(places, 0, _FRACTION_MAX)]
    return np.where(has_one, value.astype(np.int64) * scale, 0), valid & (is_digits | ~has_one)


def _days(year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return days since 1970-01-01 of dates of the Gregorian calendar; years that begin in March."""
    early = month <= _FEBRUARY
    march_year = year - early
    march_month = month + np.where(early, 9, -3)
    leap_days = march_year // 4 - march_year // 100 + march_year // 400
    return march_year * 365 + leap_days + (march_month * 153 + 2) // 5 + day - 1 - 719_468
