"""Sensors of an import: which are new, which change, which stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from api.changes import Change
from api.errors import fault
from api.imports.batch import Batch, ImportRow, encoded
from api.registration import EPOCH, mark_dirty
from domain.quantities import QUANTITIES

if TYPE_CHECKING:
    from api.database import Row, Session
    from api.errors import Fault
    from api.imports.places import Places

_FIELDS: Final = ("title", "unit", "interval_s", "averaging_s", "site_id", "latitude", "longitude")
_FIELDS_OF_PAST: Final = ("unit", "interval_s", "averaging_s")
Key = tuple[int, str]


@dataclass(slots=True)
class Outcome:
    """What became of the rows, by row number: id and code of the sensor."""

    created: dict[int, tuple[int, str]] = field(default_factory=dict)
    updated: dict[int, tuple[int, str]] = field(default_factory=dict)
    unchanged: dict[int, tuple[int, str]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)


async def find_sensors(session: Session, batch: Batch, places: Places) -> dict[Key, Row]:
    """Return the live sensors of the gateways by (gateway id, name); refuse rows with another quantity."""
    ids = [gateway["id"] for gateway in places.gateways.values()]
    rows = await session.rows("select_import_sensors", {"gateway_ids": ids})
    existing = {(row["gateway_id"], row["name"]): row for row in rows}

    def other_quantity(row: ImportRow) -> Fault | None:
        gateway = places.gateways.get(row.gateway)
        found = None if gateway is None else existing.get((gateway["id"], row.sensor))
        if found is None or found["quantity"] == row.quantity:
            return None
        return fault(
            "quantity", row.quantity, f"{found['quantity']}, which this sensor measures (or retire it)"
        )

    batch.reject(other_quantity)
    return existing


async def write_sensors(session: Session, batch: Batch, places: Places, existing: dict[Key, Row]) -> Outcome:
    """Insert, update and move what differs."""
    outcome = Outcome()
    new: list[tuple[ImportRow, dict[str, Any]]] = []
    changed: list[tuple[ImportRow, Row, dict[str, Any]]] = []
    for row in batch.rows:
        stored = existing.get((places.gateways[row.gateway]["id"], row.sensor))
        if stored is None:
            new.append((row, _new_sensor(row, places)))
            continue
        wanted = _wanted(row, stored, places)
        if all(wanted[name] == stored[name] for name in _FIELDS):
            outcome.unchanged[row.row] = (stored["id"], stored["code"])
        else:
            changed.append((row, stored, wanted))
    await _insert(session, new, outcome)
    await _update(session, changed, outcome)
    return outcome


def _own_place(row: ImportRow, places: Places) -> tuple[float | None, float | None]:
    """Return the place of a sensor where it is not its site's."""
    site = places.sites[row.site]
    if (row.latitude, row.longitude) == (site["latitude"], site["longitude"]):
        return None, None
    return row.latitude, row.longitude


def _new_sensor(row: ImportRow, places: Places) -> dict[str, Any]:
    latitude, longitude = _own_place(row, places)
    return {
        "code": f"{row.gateway}.{row.sensor}",
        "gateway_id": places.gateways[row.gateway]["id"],
        "name": row.sensor,
        "title": row.title,
        "quantity": row.quantity,
        "unit": row.unit or QUANTITIES[row.quantity].unit,
        "interval_s": row.interval_s,
        "averaging_s": row.averaging_s or 0.0,
        "site_id": places.sites[row.site]["id"],
        "latitude": latitude,
        "longitude": longitude,
    }


def _wanted(row: ImportRow, stored: Row, places: Places) -> dict[str, Any]:
    latitude, longitude = _own_place(row, places)
    silent = row.latitude is None
    return {
        "title": stored["title"] if row.title is None else row.title,
        "unit": row.unit or stored["unit"],
        "interval_s": row.interval_s,
        "averaging_s": stored["averaging_s"] if row.averaging_s is None else row.averaging_s,
        "site_id": places.sites[row.site]["id"],
        "latitude": stored["latitude"] if silent else latitude,
        "longitude": stored["longitude"] if silent else longitude,
    }


async def _insert(session: Session, new: list[tuple[ImportRow, dict[str, Any]]], outcome: Outcome) -> None:
    if not new:
        return
    await _free_codes(session, [sensor for _, sensor in new])
    rows = await session.rows("insert_import_sensors", {"rows": encoded(sensor for _, sensor in new)})
    ids = {row["code"]: int(row["id"]) for row in rows}
    deployments: list[dict[str, object]] = []
    for row, sensor in new:
        sensor_id = ids[sensor["code"]]
        deployments.append({"sensor_id": sensor_id, "deployed_at": row.deployed_at})
        outcome.created[row.row] = (sensor_id, sensor["code"])
        outcome.changes.append(Change("create", "sensor", sensor["code"], None, sensor))
    await session.execute("insert_deployments", {"rows": encoded(deployments)})


async def _free_codes(session: Session, sensors: list[dict[str, Any]]) -> None:
    """Give another code to sensors whose default code a retired one has."""
    waiting, attempt = sensors, 1
    while waiting:
        rows = await session.rows("select_sensor_codes", {"codes": [sensor["code"] for sensor in waiting]})
        taken = {row["code"] for row in rows}
        waiting = [sensor for sensor in waiting if sensor["code"] in taken]
        attempt += 1
        for sensor in waiting:
            base = sensor["code"] if attempt == 2 else sensor["code"].rpartition("-")[0]  # noqa: PLR2004 # the second
            sensor["code"] = f"{base}-{attempt}"


async def _update(
    session: Session, changed: list[tuple[ImportRow, Row, dict[str, Any]]], outcome: Outcome
) -> None:
    if not changed:
        return
    updates = [{"id": stored["id"], **wanted} for _, stored, wanted in changed]
    await session.execute("update_import_sensors", {"rows": encoded(updates)})
    for row, stored, wanted in changed:
        before = {name: stored[name] for name in _FIELDS}
        outcome.updated[row.row] = (stored["id"], stored["code"])
        outcome.changes.append(Change("change", "sensor", stored["code"], before, wanted))
    now = datetime.now(UTC)
    moved = [stored["id"] for _, stored, wanted in changed if wanted["site_id"] != stored["site_id"]]
    if moved:
        await session.execute("close_deployments", {"sensor_ids": moved, "ended_at": now})
        await session.execute("move_import_sensors", {"sensor_ids": moved})
        await mark_dirty(session, moved, now, now)
    recomputed = [
        stored["id"]
        for _, stored, wanted in changed
        if any(wanted[name] != stored[name] for name in _FIELDS_OF_PAST)
    ]
    if recomputed:
        await mark_dirty(session, recomputed, EPOCH, now)
