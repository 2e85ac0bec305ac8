"""Instants and dates as clients write them in `from`, `to` and bodies."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, AwareDatetime

from api.errors import InvalidRequestError, fault

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?")
_OFFSET: Final = re.compile(r"([Zz]|[+-]\d{2}:?\d{2})$")
# A plus sign that was not percent-encoded arrives as a space.
_LOST_PLUS: Final = re.compile(r" (\d{2}:?\d{2})$")
_EXPECTED: Final = "a date (2014-01-15, local) or an RFC 3339 instant with offset (2014-01-15T00:00:00+07:00)"
_YEAR_MIN: Final = 1900
_YEAR_MAX: Final = 2999
# Bounds that PostgreSQL knows and every instant lies between; an absent `from` or `to` needs no other query.
EARLIEST: Final = "-infinity"
LATEST: Final = "infinity"


class TimeZoneUnknownError(ValueError):
    """Not a time zone of the IANA database."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"time zone {name!r} is not known; expected an IANA name such as Asia/Ho_Chi_Minh")


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone called `name`.

    Raises:
        TimeZoneUnknownError: not a name of the IANA database.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimeZoneUnknownError(name) from error


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise TimeZoneUnknownError(name)
    return name


def _within_years(instant: datetime) -> datetime:
    if not _YEAR_MIN <= instant.year <= _YEAR_MAX:
        message = f"expected a year between {_YEAR_MIN} and {_YEAR_MAX}"
        raise ValueError(message)
    return instant.astimezone(UTC)


# Types of body fields.
Instant = Annotated[AwareDatetime, AfterValidator(_within_years)]
TimeZoneName = Annotated[str, AfterValidator(_known_zone)]


def instant_of(field: str, text: str, zone: Callable[[], ZoneInfo]) -> datetime:
    """Return the instant (UTC) that a query parameter names.

    Args:
        field: name of the parameter, for the error.
        text: a date, which means local midnight, or an instant with offset.
        zone: gives the zone whose midnight a date means.

    Raises:
        InvalidRequestError: neither; an instant without offset is refused, because it could mean two things.
    """
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text)
            _refuse_year(field, text, day.year)
            return datetime(day.year, day.month, day.day, tzinfo=zone()).astimezone(UTC)
        return _aware(field, text)
    except ValueError as error:
        raise InvalidRequestError(fault(field, text, _EXPECTED)) from error


def _aware(field: str, text: str) -> datetime:
    whole = _LOST_PLUS.sub(r"+\1", text) if _INSTANT.match(text) and not _INSTANT.fullmatch(text) else text
    offset = _OFFSET.search(whole)
    bare = whole[: offset.start()] if offset else whole
    if _INSTANT.fullmatch(bare) is None:
        raise InvalidRequestError(fault(field, text, _EXPECTED))
    if offset is None:
        expected = (
            "an offset at the end of the instant, such as +07:00 or Z: without one it could mean two times"
        )
        raise InvalidRequestError(fault(field, text, expected))
    instant = datetime.fromisoformat(whole.upper())
    _refuse_year(field, text, instant.year)
    return instant.astimezone(UTC)


def _refuse_year(field: str, text: str, year: int) -> None:
    if not _YEAR_MIN <= year <= _YEAR_MAX:
        raise InvalidRequestError(fault(field, text, f"a year between {_YEAR_MIN} and {_YEAR_MAX}"))


def span_of(
    from_: str | None, to: str | None, zone: Callable[[], ZoneInfo]
) -> tuple[datetime | str, datetime | str]:
    """Return the bounds of the half-open span [from, to), ready for a statement.

    Raises:
        InvalidRequestError: a bound cannot be read, or the span ends before it begins.
    """
    start = None if from_ is None else instant_of("from", from_, zone)
    end = None if to is None else instant_of("to", to, zone)
    if start is not None and end is not None and end < start:
        raise InvalidRequestError(fault("to", to, f"an instant not before from ({from_})"))
    return start or EARLIEST, end or LATEST


def micros(instant: datetime) -> int:
    """Return microseconds since 1970, the form of an instant in a cursor."""
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def instant_of_micros(count: int) -> datetime:
    """Return the instant of a cursor.

    Raises:
        InvalidRequestError: outside of what a time can be.
    """
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=count)
    except OverflowError as error:
        raise InvalidRequestError(fault("cursor", count, "a cursor from the page before")) from error
