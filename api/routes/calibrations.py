"""Calibrations of sensors, with their validity."""

from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request, Response

from api.auth import Reader, Registrar
from api.changes import Change, record, state_of
from api.database import Session
from api.errors import InvalidRequestError, fault
from api.idempotency import once
from api.paging import Page
from api.permissions import Permission, described
from api.references import Kind, find, find_in_use
from api.registration import mark_dirty
from api.schemas.registry import Calibration, CalibrationNew

router = APIRouter(prefix="/sensors/{sensor}/calibrations", tags=["sensors"])
_SUMMARY: Final = "Calibrations of a sensor"


@router.get("", summary=_SUMMARY, openapi_extra=described("Lịch sử hiệu chuẩn", Permission.READ))
async def list_calibrations(sensor: str, caller: Reader) -> Page[Calibration]:
    """List the calibrations of a sensor, newest first."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.SENSOR, sensor)
        rows = await session.rows("select_calibrations", {"sensor_id": found.id})
    return Page[Calibration](items=[Calibration.model_validate(row) for row in rows])


@router.post(
    "",
    status_code=201,
    summary="Add a calibration",
    openapi_extra=described("Ghi nhận hiệu chuẩn", Permission.REGISTER),
)
async def create_calibration(
    request: Request, response: Response, sensor: str, body: CalibrationNew, caller: Registrar
) -> Calibration:
    """Add a calibration; the hours for which it is valid are computed again, raw values stay as sent."""
    if body.valid_to is not None and body.valid_to <= body.valid_from:
        raise InvalidRequestError(fault("valid_to", body.valid_to.isoformat(), "an instant after valid_from"))

    async def work(session: Session) -> Calibration:
        found = await find_in_use(session, Kind.SENSOR, sensor)
        parameters = {
            **body.model_dump(),
            "sensor_id": found.id,
            "performed_at": body.performed_at or body.valid_from,
        }
        calibration = Calibration.model_validate(await session.one("insert_calibration", parameters))
        await mark_dirty(session, [found.id], body.valid_from, body.valid_to or datetime.now(UTC))
        await record(
            session, caller, [Change("create", "calibration", found.code, None, state_of(calibration))]
        )
        return calibration

    return await once(request, response, caller, Calibration, work)
