"""What the arithmetic of hours works on: a sensor, its readings, and the hours to compute.

Nothing here knows the database, so that computations on files start without its driver.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from processing.columns import Bools, Floats, Ints
    from processing.spans import Extent, Run


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor as arithmetic sees it; times in microseconds."""

    id: int
    site_id: int
    quantity: str
    is_counter: bool
    interval_us: int
    averaging_us: int
    archive: bool
    retired_us: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Readings of one sensor in time order, each instant once; arrays of shape (r,).

    Attributes:
        ts: when the reading speaks of, microseconds UTC.
        value: calibrated, in the quantity's unit.
        good: whether it counts.
        calibrating: whether the device was calibrating, which is planned and expects nothing.
        delay_us: arrival less the end of the time that the reading speaks of.
    """

    ts: Ints
    value: Floats
    good: Bools
    calibrating: Bools
    delay_us: Ints


@dataclass(frozen=True, slots=True)
class Work:
    """A sensor whose hours must be computed.

    Attributes:
        sensor: whose they are.
        extent: what is stored of it; None for nothing.
        runs: its dirty hours.
        follow_us: how far a good reading reaches into hours after its own.
        maintenance: (start, end) of planned maintenance.
    """

    sensor: Sensor
    extent: Extent | None
    runs: tuple[Run, ...]
    follow_us: int = 0
    maintenance: tuple[tuple[int, int], ...] = ()
