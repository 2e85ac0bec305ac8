"""The registry as the ingester sees it: an immutable picture in memory, replaced as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from ingest.conversion import UnitTable
from ingest.names import NameTable
from store import statement

if TYPE_CHECKING:
    import psycopg
    from numpy.typing import NDArray
    from psycopg.rows import TupleRow

UNKNOWN_SLOT: Final = -1
FOREIGN_SLOT: Final = -2


@dataclass(frozen=True, slots=True)
class GatewayEntry:
    """A registered gateway.

    Attributes:
        number: position among the gateways of the snapshot.
        code: name in topics.
        payload_format: how it writes.
        archive: replays history: the past is accepted from 1970 on.
        past_us: how far back a time may lie.
        future_us: how far ahead a time may lie.
        retired: no longer in use.
        slots: sensor name -> position in the snapshot's columns.
    """

    number: int
    code: str
    payload_format: str
    archive: bool
    past_us: int
    future_us: int
    retired: bool
    slots: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Gateways by code, sensors as columns (shape (m,) each).

    Attributes:
        version: grows with each load.
        gateways: by code.
        owners: sensor code -> (gateway code, slot).
        names: slots by gateway number and name, for many readings at once.
        units: conversion table.
        sensor_id: database id.
        retired: no longer in use.
        unit_id: row of `units` of what the sensor sends when a payload names no unit.
        wanted_id: column of `units` in which readings are stored.
        range_min: lower end of the gross range, -inf without one.
        range_max: upper end of the gross range, +inf without one.
        ranged: there is a gross range.
    """

    version: int
    gateways: dict[str, GatewayEntry]
    owners: dict[str, tuple[str, int]]
    names: NameTable
    units: UnitTable
    sensor_id: NDArray[np.int32]
    retired: NDArray[np.bool_]
    unit_id: NDArray[np.int32]
    wanted_id: NDArray[np.int32]
    range_min: NDArray[np.float64]
    range_max: NDArray[np.float64]
    ranged: NDArray[np.bool_]

    def slot(self, gateway: GatewayEntry, name: str) -> int:
        """Return the slot of what `gateway` calls `name`.

        A name is local to its gateway, so two gateways may both have a `pm25`. The full code of a sensor is
        understood as well, and naming another gateway's sensor by its code is `FOREIGN_SLOT`.
        """
        found = gateway.slots.get(name)
        if found is not None:
            return found
        owner = self.owners.get(name)
        if owner is None:
            return UNKNOWN_SLOT
        return owner[1] if owner[0] == gateway.code else FOREIGN_SLOT


def load(connection: psycopg.Connection[TupleRow], version: int) -> Snapshot:
    """Read the registry.

    Args:
        connection: an autocommit connection.
        version: number of the new snapshot.

    Raises:
        psycopg.Error: the database cannot be read.
    """
    gateways = {
        code: GatewayEntry(
            number, code, payload_format, archive, past_s * 1_000_000, future_s * 1_000_000, retired
        )
        for number, (code, payload_format, archive, past_s, future_s, retired) in enumerate(
            connection.execute(statement("ingest", "select_gateways"))
        )
    }
    sensors = connection.execute(statement("ingest", "select_sensors"), binary=True).fetchall()
    wanted = sorted({sensor[5] for sensor in sensors})
    wanted_ids = {unit: position for position, unit in enumerate(wanted)}
    units = UnitTable(wanted)
    owners: dict[str, tuple[str, int]] = {}
    for slot, (_, code, gateway, name, *_rest) in enumerate(sensors):
        owners[code] = (gateway, slot)
        # Retired sensors come first, so a living one of the same name takes its place.
        gateways[gateway].slots[name] = slot
    return Snapshot(
        version=version,
        gateways=gateways,
        owners=owners,
        names=_name_table(gateways, owners),
        units=units,
        sensor_id=np.array([sensor[0] for sensor in sensors], dtype=np.int32),
        retired=np.array([sensor[8] for sensor in sensors], dtype=np.bool_),
        unit_id=np.array([units.unit_id(sensor[4]) for sensor in sensors], dtype=np.int32),
        wanted_id=np.array([wanted_ids[sensor[5]] for sensor in sensors], dtype=np.int32),
        range_min=np.array([-np.inf if sensor[6] is None else sensor[6] for sensor in sensors]),
        range_max=np.array([np.inf if sensor[7] is None else sensor[7] for sensor in sensors]),
        ranged=np.array(
            [sensor[6] is not None or sensor[7] is not None for sensor in sensors], dtype=np.bool_
        ),
    )


def _name_table(gateways: dict[str, GatewayEntry], owners: dict[str, tuple[str, int]]) -> NameTable:
    """Return the names of every gateway; a sensor's full code is one of them, as in `Snapshot.slot`."""
    names = {(gateways[owner].number, code): slot for code, (owner, slot) in owners.items()}
    names |= {(entry.number, name): slot for entry in gateways.values() for name, slot in entry.slots.items()}
    return NameTable([number for number, _ in names], [name for _, name in names], list(names.values()))


def empty() -> Snapshot:
    """Return a registry that knows nobody."""
    nothing = np.zeros(0, dtype=np.int32)
    return Snapshot(
        version=0,
        gateways={},
        owners={},
        names=NameTable((), (), ()),
        units=UnitTable(()),
        sensor_id=nothing,
        retired=nothing.astype(np.bool_),
        unit_id=nothing,
        wanted_id=nothing,
        range_min=nothing.astype(np.float64),
        range_max=nothing.astype(np.float64),
        ranged=nothing.astype(np.bool_),
    )
