"""Hourly means of the sensors that stand at sites, loaded once for all indicators of a claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from processing.arrays import Instants, Int4s
from processing.cells import merged_spans
from processing.columns import VALID_SHARE
from processing.grid import to_us
from processing.loading import fetch_columns
from store import statement

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import psycopg
    from psycopg.rows import TupleRow

    from processing.columns import Floats, Ints

    Asked = tuple[Collection[str], Ints, Ints, Ints]


@dataclass(frozen=True, slots=True)
class Stay:
    """A sensor at a site for a while, microseconds UTC."""

    sensor_id: int
    quantity: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class SiteMeans:
    """Hourly means of sensors, sorted by sensor and hour; only hours that are valid have a finite mean.

    Attributes:
        stays: by site, by quantity and number of the sensor.
        sensor_id: shape (n,).
        hour: shape (n,), microseconds UTC.
        mean: shape (n,); NaN where too few slots of the hour have a good reading.
    """

    stays: Mapping[int, Sequence[Stay]]
    sensor_id: Ints
    hour: Ints
    mean: Floats

    def of(self, stay: Stay, start: int, end: int) -> tuple[Ints, Floats]:
        """Return hours and means of the sensor in [start, end), while it stood there."""
        first, last = np.searchsorted(self.sensor_id, [stay.sensor_id, stay.sensor_id + 1])
        low, high = first + np.searchsorted(
            self.hour[first:last], [max(start, stay.start), min(end, stay.end)]
        )
        return self.hour[low:high], self.mean[low:high]


def load_site_means(connection: psycopg.Connection[TupleRow], asked: Sequence[Asked]) -> SiteMeans:
    """Return the means of every sensor of some quantities at some sites in some spans.

    Args:
        connection: inside the claim's transaction.
        asked: quantities, and the spans of sites that are read of them: site numbers, starts and ends,
            each of shape (k,), microseconds UTC.
    """
    stays = _load_stays(connection, asked)
    rows = [
        (stay.sensor_id, start, end)
        for quantities, *spans in asked
        for site_id, start, end in zip(*(column.tolist() for column in spans), strict=True)
        for stay in stays.get(site_id, ())
        if stay.quantity in quantities
    ]
    columns = np.array(rows, np.int64).reshape(-1, 3)
    sensor_ids, starts, ends = merged_spans(*(columns[:, k] for k in range(3)))
    sensor_id, hour, mean, slots, expected = fetch_columns(
        connection,
        "select_means",
        {"sensor_ids": Int4s(sensor_ids), "starts": Instants(starts), "ends": Instants(ends)},
    )
    order = np.lexsort((hour, sensor_id))
    valid = slots >= VALID_SHARE * expected
    return SiteMeans(stays, sensor_id[order], hour[order], np.where(valid, mean, np.nan)[order])


def _load_stays(connection: psycopg.Connection[TupleRow], asked: Sequence[Asked]) -> dict[int, list[Stay]]:
    """Return the stays of sensors at sites that may publish, by quantity and sensor number."""
    site_ids = np.unique(np.concatenate([np.empty(0, np.int64), *(sites for _, sites, _, _ in asked)]))
    quantities = sorted({quantity for wanted, *_ in asked for quantity in wanted})
    rows = connection.execute(
        statement("processing", "select_site_sensors"),
        {"site_ids": Int4s(site_ids), "quantities": quantities},
    ).fetchall()
    found: dict[int, list[Stay]] = {}
    for sensor_id, site_id, quantity, valid_from, valid_to in rows:
        found.setdefault(site_id, []).append(Stay(sensor_id, quantity, to_us(valid_from), to_us(valid_to)))
    return found
