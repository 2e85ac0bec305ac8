"""What the engine must know of sensors, places and areas to work on one claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from processing.arrays import Int4s
from processing.grid import to_us
from processing.work import Sensor
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import psycopg
    from psycopg.rows import TupleRow

    from processing.columns import Ints

_SECOND_US: Final = 1_000_000
NOWHERE: Final = -1


@dataclass(frozen=True, slots=True)
class AreaTree:
    """All areas with their parents and time zones."""

    parents: Mapping[int, int | None]
    zones: Mapping[int, str]

    def lineage(self, area_id: int) -> tuple[int, ...]:
        """Return the area and its ancestors, nearest first; a ring in the data ends at its first repeat."""
        chain: list[int] = []
        current: int | None = area_id
        while current is not None and current not in chain:
            chain.append(current)
            current = self.parents.get(current)
        return tuple(chain)

    def root(self, area_id: int) -> int:
        """Return the topmost ancestor."""
        return self.lineage(area_id)[-1]


class Places(NamedTuple):
    """Where sensors stood when, sorted by sensor and time; four arrays of one length."""

    sensor_id: Ints
    site_id: Ints
    valid_from: Ints
    valid_to: Ints

    def site_at(self, sensor_ids: Ints, hours: Ints) -> Ints:
        """Return the site of each (sensor, hour), `NOWHERE` where the sensor stood nowhere.

        An hour belongs to the place where it began.
        """
        if not len(self.sensor_id):
            return np.full(len(sensor_ids), NOWHERE, np.int64)
        first = np.searchsorted(self.sensor_id, sensor_ids, side="left")
        after = np.searchsorted(self.sensor_id, sensor_ids, side="right")
        index = np.maximum(after - 1, 0)
        # Nearly every sensor has one place; the few that moved walk back to the one that holds the hour.
        for _ in range(int((after - first).max(initial=0)) - 1):
            earlier = (index > first) & (self.valid_from[index] > hours)
            index = np.where(earlier, index - 1, index)
        held = (after > first) & (self.valid_from[index] <= hours) & (hours < self.valid_to[index])
        return np.where(held, self.site_id[index], NOWHERE)


@dataclass(frozen=True, slots=True)
class SiteAreas:
    """Which areas each site counts in: its own first, then ancestors and free zones."""

    areas: Mapping[int, tuple[int, ...]]
    zones: Mapping[int, str]

    def expand(self, site_ids: Ints) -> tuple[Ints, Ints]:
        """Return (row, area) pairs: every area that the site of each row counts in."""
        distinct, inverse = np.unique(site_ids, return_inverse=True)
        members = [self.areas.get(site, ()) for site in distinct.tolist()]
        counts = np.array([len(areas) for areas in members], np.int64)
        flat = np.array([area for areas in members for area in areas], np.int64)
        offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
        row_counts = counts[inverse]
        rows = np.repeat(np.arange(len(site_ids)), row_counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(row_counts) - row_counts, row_counts)
        return rows, flat[offsets[inverse][rows] + within]


@dataclass(frozen=True, slots=True)
class Registry:
    """Sensors of a claim, with the tree that they stand in."""

    sensors: Mapping[int, Sensor]
    places: Places
    tree: AreaTree
    site_areas: SiteAreas


def load_sensors(connection: psycopg.Connection[TupleRow], sensor_ids: Iterable[int]) -> dict[int, Sensor]:
    """Return the sensors that exist among `sensor_ids`."""
    rows = connection.execute(
        statement("processing", "select_sensors"),
        {"sensor_ids": Int4s(np.array(sorted(sensor_ids), np.int64))},
    ).fetchall()
    return {row[0]: _sensor(row) for row in rows}


def _sensor(row: Sequence[Any]) -> Sensor:
    identity, site_id, quantity, is_counter, interval_s, averaging_s, archive, retired_at = row
    return Sensor(
        id=identity,
        site_id=site_id,
        quantity=quantity,
        is_counter=is_counter,
        interval_us=max(1, round(interval_s * _SECOND_US)),
        averaging_us=round(averaging_s * _SECOND_US),
        archive=archive,
        retired_us=None if retired_at is None else to_us(retired_at),
    )


def load_places(connection: psycopg.Connection[TupleRow], sensor_ids: Ints) -> Places:
    """Return where the sensors stood when."""
    row = (
        connection.cursor(binary=True)
        .execute(statement("processing", "select_places"), {"sensor_ids": Int4s(sensor_ids)})
        .fetchone()
    )
    columns: Sequence[Ints] = row or [np.empty(0, np.int64)] * 4
    order = np.lexsort((columns[2], columns[0]))
    return Places(*(column[order] for column in columns))


def load_tree(connection: psycopg.Connection[TupleRow]) -> AreaTree:
    """Return the tree of areas."""
    rows = connection.execute(statement("processing", "select_areas")).fetchall()
    return AreaTree({row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows})


def load_site_areas(
    connection: psycopg.Connection[TupleRow], tree: AreaTree, site_ids: Iterable[int]
) -> SiteAreas:
    """Return which areas the sites count in."""
    rows = connection.execute(
        statement("processing", "select_site_areas"),
        {"site_ids": Int4s(np.array(sorted(set(site_ids)), np.int64))},
    ).fetchall()
    found: dict[int, dict[int, None]] = {}
    zones: dict[int, str] = {}
    for site_id, area_id, is_zone in sorted(rows, key=lambda row: (row[0], row[2], row[1])):
        found.setdefault(site_id, {}).update(dict.fromkeys(tree.lineage(area_id)))
        if not is_zone:
            zones[site_id] = tree.zones[area_id]
    return SiteAreas({site: tuple(areas) for site, areas in found.items()}, zones)


def load_registry(connection: psycopg.Connection[TupleRow], sensor_ids: Iterable[int]) -> Registry:
    """Return what must be known of the sensors of a claim."""
    sensors = load_sensors(connection, sensor_ids)
    places = load_places(connection, np.array(sorted(sensors), np.int64))
    tree = load_tree(connection)
    sites = set(places.site_id.tolist()) | {sensor.site_id for sensor in sensors.values()}
    return Registry(sensors, places, tree, load_site_areas(connection, tree, sites))
