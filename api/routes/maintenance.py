"""Maintenance windows: planned silence does not count against availability."""

from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request, Response

from api.auth import Caller, EvidenceDeclarer, Reader
from api.changes import Change, record, state_of
from api.database import Session
from api.errors import Fault, InvalidRequestError, fault
from api.idempotency import once
from api.listing import linked, page_of_rows
from api.paging import Page, id_after
from api.parameters import Cursor, Limit, Sensor, Site, page_size
from api.permissions import Permission, described
from api.references import Kind, find_optional, refer
from api.schemas.operations import Maintenance, MaintenanceNew

router = APIRouter(prefix="/maintenance", tags=["evidence"])
_LONGEST: Final = timedelta(days=366)


@router.get(
    "", summary="List maintenance windows", openapi_extra=described("Danh sách lịch bảo trì", Permission.READ)
)
async def list_maintenance(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    sensor: Sensor = None,
    site: Site = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[Maintenance]:
    """List maintenance windows in the order in which they were declared."""
    size = page_size(limit, caller)
    async with caller.database.transaction() as session:
        of_sensor = await find_optional(session, Kind.SENSOR, sensor)
        of_site = await find_optional(session, Kind.SITE, site)
        filters = {"id": None, "sensor_id": of_sensor and of_sensor.id, "site_id": of_site and of_site.id}
        rows = await session.rows(
            "select_maintenance", {**filters, "after": id_after(cursor), "limit": size + 1}
        )
    return linked(request, response, page_of_rows(Maintenance, rows, size))


@router.post(
    "",
    status_code=201,
    summary="Declare maintenance",
    openapi_extra=described("Khai báo bảo trì", Permission.DECLARE_EVIDENCE),
)
async def create_maintenance(
    request: Request, response: Response, body: MaintenanceNew, caller: EvidenceDeclarer
) -> Maintenance:
    """Declare a window; it counts as planned only when declared before it starts."""
    _refuse_nonsense(body)

    async def work(session: Session) -> Maintenance:
        return await _create(session, caller, body)

    return await once(request, response, caller, Maintenance, work)


def _refuse_nonsense(body: MaintenanceNew) -> None:
    if (body.sensor is None) == (body.site is None):
        found = "neither" if body.sensor is None else "both"
        raise InvalidRequestError(Fault("sensor", found, "either sensor or site"))
    if not body.starts_at < body.ends_at <= body.starts_at + _LONGEST:
        raise InvalidRequestError(
            fault("ends_at", body.ends_at.isoformat(), "after starts_at, at most a year later")
        )


async def _create(session: Session, caller: Caller, body: MaintenanceNew) -> Maintenance:
    parameters: dict[str, object] = {**body.model_dump(), "sensor_id": None, "site_id": None}
    if body.sensor is not None:
        sensor = await refer(session, Kind.SENSOR, body.sensor, "sensor")
        parameters["sensor_id"] = sensor.id
        site_id = (await session.one("select_site_of_sensor", {"id": sensor.id}))["site_id"]
    else:
        site = await refer(session, Kind.SITE, body.site or "", "site")
        parameters["site_id"] = site_id = site.id
    row = await session.one("insert_maintenance", parameters)
    await session.execute(
        "mark_dirty_site",
        {
            "site_id": site_id,
            "sensor_id": parameters["sensor_id"],
            "quantity": None,
            "since": body.starts_at,
            "until": body.ends_at,
        },
    )
    filters = {"after": 0, "limit": 1, "sensor_id": None, "site_id": None}
    window = Maintenance.model_validate(await session.one("select_maintenance", {**filters, "id": row["id"]}))
    code = str(window.sensor or window.site)
    await record(session, caller, [Change("create", "maintenance", code, None, state_of(window))])
    return window
