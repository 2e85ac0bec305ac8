"""Sensors: registration, changes, moves, retirement, status."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.auth import Reader, Registrar
from api.database import Session
from api.idempotency import once
from api.instants import instant_of
from api.listing import linked, load, load_one, page_of_ids
from api.newest import sensor_status
from api.paging import Page
from api.parameters import Area, Cursor, Gateway, IncludeRetired, Limit, Site, page_size
from api.permissions import Permission, described
from api.references import Kind, find, find_in_use, find_optional
from api.registration import change, register
from api.retirement import retire_sensors
from api.schemas.registry import Deployment, Sensor, SensorChange, SensorNew, SensorStatus

router = APIRouter(prefix="/sensors", tags=["sensors"])
_SELECT: Final = "select_sensors"


@router.get("", summary="List sensors", openapi_extra=described("Danh sách cảm biến", Permission.READ))
async def list_sensors(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    area: Area = None,
    site: Site = None,
    gateway: Gateway = None,
    quantity: Annotated[str | None, Query(max_length=48)] = None,
    include_retired: IncludeRetired = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[Sensor]:
    """List sensors; an area counts with all areas below it."""
    async with caller.database.transaction() as session:
        within = await find_optional(session, Kind.AREA, area)
        at_site = await find_optional(session, Kind.SITE, site)
        sent_by = await find_optional(session, Kind.GATEWAY, gateway)
        filters = {
            "sensor_id": None,
            "area_id": within and within.id,
            "site_id": at_site and at_site.id,
            "gateway_id": sent_by and sent_by.id,
            "quantity": quantity,
            "include_retired": include_retired,
        }
        ids, following = await page_of_ids(
            session, "select_sensor_ids", filters, cursor, page_size(limit, caller)
        )
        page = Page[Sensor](items=await load(session, Sensor, _SELECT, ids), next=following)
    return linked(request, response, page)


@router.post(
    "",
    status_code=201,
    summary="Register a sensor",
    openapi_extra=described("Đăng ký cảm biến", Permission.REGISTER),
)
async def create_sensor(request: Request, response: Response, body: SensorNew, caller: Registrar) -> Sensor:
    """Register a sensor; readings of it that wait in quarantine are taken in by the ingester at once."""

    async def work(session: Session) -> Sensor:
        return await register(session, caller, body)

    return await once(request, response, caller, Sensor, work)


@router.get(
    "/{sensor}", summary="Read a sensor", openapi_extra=described("Xem một cảm biến", Permission.READ)
)
async def read_sensor(sensor: str, caller: Reader) -> Sensor:
    """Return one sensor, also when it is retired."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.SENSOR, sensor)
        return await load_one(session, Sensor, _SELECT, found.id)


@router.patch(
    "/{sensor}",
    summary="Change or move a sensor",
    openapi_extra=described("Sửa hoặc di chuyển cảm biến", Permission.REGISTER),
)
async def change_sensor(sensor: str, body: SensorChange, caller: Registrar) -> Sensor:
    """Change what the body names; another site or gateway is a move and opens a new deployment."""
    async with caller.database.transaction() as session:
        found = await find_in_use(session, Kind.SENSOR, sensor)
        return await change(session, caller, found.id, body)


@router.delete(
    "/{sensor}",
    summary="Retire a sensor",
    openapi_extra=described("Ngừng dùng cảm biến", Permission.REGISTER),
)
async def retire_sensor(sensor: str, caller: Registrar) -> Sensor:
    """Retire a sensor; it and its readings stay readable."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.SENSOR, sensor)
        await retire_sensors(session, caller, sensor_id=found.id)
        return await load_one(session, Sensor, _SELECT, found.id)


@router.get(
    "/{sensor}/deployments",
    summary="Where a sensor stood",
    openapi_extra=described("Lịch sử lắp đặt", Permission.READ),
)
async def list_deployments(sensor: str, caller: Reader) -> Page[Deployment]:
    """List where a sensor stood and when, newest first."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.SENSOR, sensor)
        rows = await session.rows("select_deployments", {"sensor_id": found.id})
    return Page[Deployment](items=[Deployment.model_validate(row) for row in rows])


@router.get(
    "/{sensor}/status",
    summary="Whether a sensor is heard",
    openapi_extra=described("Trạng thái của cảm biến", Permission.READ),
)
async def read_status(
    sensor: str,
    caller: Reader,
    first_valid_reading_since: Annotated[
        str | None, Query(max_length=64, description="an instant of reception; any when left out")
    ] = None,
) -> SensorStatus:
    """Return the newest reading, and the first good one received since an instant."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.SENSOR, sensor)
        since = (
            None
            if first_valid_reading_since is None
            else instant_of("first_valid_reading_since", first_valid_reading_since, found.zone)
        )
        row = await sensor_status(session, found.id, since)
    return SensorStatus.model_validate(row)
