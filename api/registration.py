"""Registering and changing one sensor: what is checked, and which hours of the past are computed again."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import msgspec

from api.changes import record_one
from api.errors import ConflictError, InvalidRequestError, fault
from api.listing import load_one
from api.references import Kind, refer
from api.schemas.registry import Sensor, SensorChange, SensorNew
from domain.quantities import QUANTITIES
from domain.units import IncompatibleUnitError, UnknownUnitError, canonical_unit, conversion, units_like

if TYPE_CHECKING:
    from api.auth import Caller
    from api.database import Row, Session

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SELECT: Final = "select_sensors"
# Facts about a sensor in which the values of its whole past are computed.
_FIELDS_OF_PAST: Final = ("unit", "interval_s", "averaging_s")


def checked_unit(unit: str | None, quantity: str) -> str:
    """Return the UCUM code of a sensor's unit, the quantity's own when it has none.

    Raises:
        InvalidRequestError: the quantity is not known, or the unit cannot be converted to the quantity's.
    """
    if quantity not in QUANTITIES:
        raise InvalidRequestError(fault("quantity", quantity, f"one of {', '.join(QUANTITIES)}"))
    wanted = QUANTITIES[quantity].unit
    if unit is None:
        return wanted
    try:
        conversion(unit, wanted)
        return canonical_unit(unit)
    except (UnknownUnitError, IncompatibleUnitError) as error:
        expected = f"a unit of {quantity}: {', '.join(units_like(wanted))}"
        raise InvalidRequestError(fault("unit", unit, expected)) from error


async def register(session: Session, caller: Caller, body: SensorNew) -> Sensor:
    """Register a sensor and open its first deployment.

    Raises:
        InvalidRequestError: a reference, the quantity or the unit is wrong.
        ConflictError: the gateway has a sensor of that name, or the code is taken.
    """
    gateway = await refer(session, Kind.GATEWAY, body.gateway, "gateway")
    site = await refer(session, Kind.SITE, body.site, "site")
    unit = checked_unit(body.unit, body.quantity)
    await _refuse_second(session, gateway.id, gateway.code, body.name)
    code = await _free_code(session, body.code, f"{gateway.code}.{body.name}")
    row = await session.one(
        "insert_sensor",
        {
            **body.model_dump(),
            "code": code,
            "gateway_id": gateway.id,
            "site_id": site.id,
            "unit": unit,
        },
    )
    deployment = [{"sensor_id": row["id"], "deployed_at": body.deployed_at}]
    await session.execute("insert_deployments", {"rows": msgspec.json.encode(deployment).decode()})
    sensor = await load_one(session, Sensor, _SELECT, row["id"])
    await record_one(session, caller, "create", Kind.SENSOR, None, sensor)
    return sensor


async def _refuse_second(session: Session, gateway_id: int, gateway: str, name: str) -> None:
    other = await session.row("select_live_sensor", {"gateway_id": gateway_id, "name": name})
    if other is not None:
        detail = f"name: found {name!r}, which gateway {gateway} already uses for sensor {other['code']}"
        raise ConflictError(detail)


async def _free_code(session: Session, wanted: str | None, default: str) -> str:
    if wanted is not None:
        if await session.rows("select_sensor_codes", {"codes": [wanted]}):
            detail = f"code: found {wanted!r}, which another sensor has (perhaps a retired one)"
            raise ConflictError(detail)
        return wanted
    # A sensor that replaces a retired one of the same name: the code of the retired one stays its own.
    for attempt in count(1):
        code = default if attempt == 1 else f"{default}-{attempt}"
        if not await session.rows("select_sensor_codes", {"codes": [code]}):
            return code
    raise AssertionError(default)


async def change(session: Session, caller: Caller, sensor_id: int, body: SensorChange) -> Sensor:
    """Change a sensor; mark the hours of its past that the change affects.

    Raises:
        InvalidRequestError: a reference, the unit or the instant of a move is wrong.
        ConflictError: the gateway has another sensor of that name.
    """
    before = await load_one(session, Sensor, _SELECT, sensor_id)
    stored = await session.one("lock_sensor", {"id": sensor_id})
    changed = await _changed(session, stored, body)
    if (changed["gateway_id"], changed["name"]) != (stored["gateway_id"], stored["name"]):
        await _refuse_second(
            session, changed["gateway_id"], str(body.gateway or before.gateway), changed["name"]
        )
    await session.execute("update_sensor", changed)
    if (changed["gateway_id"], changed["site_id"]) != (stored["gateway_id"], stored["site_id"]):
        await _move(session, changed, body)
    if any(changed[field] != stored[field] for field in _FIELDS_OF_PAST):
        await mark_dirty(session, [sensor_id], EPOCH, datetime.now(UTC))
    after = await load_one(session, Sensor, _SELECT, sensor_id)
    await record_one(session, caller, "change", Kind.SENSOR, before, after)
    return after


async def _changed(session: Session, stored: Row, body: SensorChange) -> dict[str, Any]:
    changes = body.model_dump(exclude_unset=True, exclude={"moved_at", "note", "gateway", "site"})
    if "gateway" in body.model_fields_set:
        changes["gateway_id"] = (await refer(session, Kind.GATEWAY, body.gateway, "gateway")).id
    if "site" in body.model_fields_set:
        changes["site_id"] = (await refer(session, Kind.SITE, body.site, "site")).id
    if "unit" in changes:
        changes["unit"] = checked_unit(changes["unit"], stored["quantity"])
    return {**stored, **changes}


async def _move(session: Session, changed: dict[str, Any], body: SensorChange) -> None:
    moved_at = body.moved_at or datetime.now(UTC)
    sensor_id = changed["id"]
    standing = await session.row("select_open_deployment", {"sensor_id": sensor_id})
    if standing is not None and moved_at <= standing["valid_from"]:
        expected = f"an instant after the sensor came to its place ({standing['valid_from'].isoformat()})"
        raise InvalidRequestError(fault("moved_at", moved_at.isoformat(), expected))
    await session.execute("close_deployments", {"sensor_ids": [sensor_id], "ended_at": moved_at})
    await session.execute(
        "insert_deployment", {**changed, "sensor_id": sensor_id, "valid_from": moved_at, "note": body.note}
    )
    await mark_dirty(session, [sensor_id], moved_at, datetime.now(UTC))


async def mark_dirty(session: Session, sensor_ids: list[int], since: datetime, until: datetime) -> None:
    """Have hours of sensors that were computed before computed again."""
    await session.execute("mark_dirty_sensors", {"sensor_ids": sensor_ids, "since": since, "until": until})
