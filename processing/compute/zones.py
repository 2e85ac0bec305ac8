"""Names of time zones."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from processing.compute.errors import ParameterError


def zone_of(name: str) -> ZoneInfo:
    """Return the zone.

    Raises:
        ParameterError: there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ParameterError("zone", name, "an IANA time zone such as Asia/Ho_Chi_Minh") from error
