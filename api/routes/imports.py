"""Import of many sensors at once, what `nhip import` sends."""

from typing import Literal

from fastapi import APIRouter, Request, Response

from api.auth import Registrar
from api.credentials import wait_until_active
from api.database import Session
from api.errors import TooLargeError
from api.idempotency import once
from api.imports import Options, import_rows
from api.permissions import Permission, described
from api.schemas.operations import ImportAnswer, ImportBody

router = APIRouter(prefix="/import", tags=["sensors"])


@router.post(
    "",
    summary="Import sensors",
    openapi_extra=described("Nhập danh sách cảm biến", Permission.REGISTER),
)
async def import_sensors(
    request: Request, response: Response, body: ImportBody, caller: Registrar
) -> ImportAnswer:
    """Register and bring up to date many sensors; rows with a fault are left out and explained."""
    if len(body.rows) > caller.settings.import_rows_max:
        detail = f"rows: found {len(body.rows)}, expected at most {caller.settings.import_rows_max}"
        raise TooLargeError(detail)
    options = Options(body.create, body.dry_run, body.archive, _credentials(body.credentials))

    async def work(session: Session) -> ImportAnswer:
        return await import_rows(session, caller, body.rows, options)

    answer = await once(request, response, caller, ImportAnswer, work)
    if not answer.credentials:
        return answer
    active = await wait_until_active(caller.database, caller.settings.credential_wait_s_max)
    return answer.model_copy(update={"credential_active": active})


def _credentials(asked: bool | Literal["rotate"]) -> Literal["none", "new", "rotate"]:
    if asked == "rotate":
        return "rotate"
    return "new" if asked else "none"
