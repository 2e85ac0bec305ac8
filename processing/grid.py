"""Local hours, days, months and years as arrays of instants (int64 microseconds UTC)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from domain.periods import Period, period_end, period_start

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOUR_US: Final = 3_600_000_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def to_us(instant: datetime) -> int:
    """Return `instant` (aware) as microseconds since 1970 UTC, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def from_us(instant_us: int) -> datetime:
    """Return the instant `instant_us` as an aware datetime in UTC, exactly."""
    return _EPOCH + timedelta(microseconds=instant_us)


def hour_floor(instant_us: int) -> int:
    """Return the start of the UTC hour that holds `instant_us`."""
    return instant_us - instant_us % HOUR_US


def period_edges(start_us: int, end_us: int, period: Period, time_zone: str) -> NDArray[np.int64]:
    """Return the edges of all local periods that touch [start_us, end_us).

    The k periods have k + 1 edges; the first is at or before `start_us`, the last at or after `end_us`.
    Hours are UTC hours: the grid on which facts are stored.
    """
    if end_us <= start_us:
        return np.empty(0, np.int64)
    if period is Period.HOUR:
        return np.arange(hour_floor(start_us), end_us + HOUR_US, HOUR_US, dtype=np.int64)
    zone = ZoneInfo(time_zone)
    first = period_start(from_us(start_us), period, zone)
    edges = _edges_from(first.replace(tzinfo=None), to_us(first), end_us, period, time_zone)
    return np.array(edges, np.int64)


@lru_cache(maxsize=256)
def _edges_from(
    first_local: datetime, first_us: int, end_us: int, period: Period, time_zone: str
) -> tuple[int, ...]:
    """Walk from the first edge; cached, because every site of an area asks for the same grid."""
    zone = ZoneInfo(time_zone)
    edges = [first_us]
    edge = first_local.replace(tzinfo=zone)
    while edges[-1] < end_us:
        edge = period_end(edge, period)
        edges.append(to_us(edge))
    return tuple(edges)
