"""Programmes (Đề án) and their targets, against which values are read."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.auth import Caller, Reader, TargetSetter
from api.changes import Change, record, record_one, state_of
from api.database import Session
from api.errors import ConflictError, InvalidRequestError, fault
from api.idempotency import once
from api.listing import linked, page_of_rows
from api.paging import Page, id_after
from api.parameters import Area, Cursor, Limit, page_size
from api.permissions import Permission, described
from api.references import Kind, find_optional, refer
from api.schemas.operations import Programme, ProgrammeNew, Target, TargetNew

router = APIRouter(tags=["targets"])


@router.get(
    "/programmes", summary="List programmes", openapi_extra=described("Danh sách đề án", Permission.READ)
)
async def list_programmes(
    request: Request, response: Response, caller: Reader, cursor: Cursor = None, limit: Limit = None
) -> Page[Programme]:
    """List programmes."""
    size = page_size(limit, caller)
    parameters = {"after": id_after(cursor), "code": None, "limit": size + 1}
    rows = await caller.database.rows("select_programmes", parameters)
    return linked(request, response, page_of_rows(Programme, rows, size))


@router.post(
    "/programmes",
    status_code=201,
    summary="Create a programme",
    openapi_extra=described("Tạo đề án", Permission.SET_TARGETS),
)
async def create_programme(
    request: Request, response: Response, body: ProgrammeNew, caller: TargetSetter
) -> Programme:
    """Create a programme with the number and date of its document."""
    if body.valid_to is not None and body.valid_to < body.valid_from:
        raise InvalidRequestError(
            fault("valid_to", body.valid_to.isoformat(), "a date not before valid_from")
        )

    async def work(session: Session) -> Programme:
        return await _create_programme(session, caller, body)

    return await once(request, response, caller, Programme, work)


async def _create_programme(session: Session, caller: Caller, body: ProgrammeNew) -> Programme:
    area = await refer(session, Kind.AREA, body.area, "area")
    one = {"after": 0, "code": body.code, "limit": 1}
    if await session.rows("select_programmes", one):
        detail = f"code: found {body.code}, which another programme has"
        raise ConflictError(detail)
    await session.one("insert_programme", {**body.model_dump(), "area_id": area.id})
    programme = Programme.model_validate(await session.one("select_programmes", one))
    await record_one(session, caller, "create", "programme", None, programme)
    return programme


@router.get(
    "/targets", summary="List targets", openapi_extra=described("Danh sách mục tiêu", Permission.READ)
)
async def list_targets(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    area: Area = None,
    indicator: Annotated[str | None, Query(max_length=64)] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[Target]:
    """List targets of all programmes."""
    size = page_size(limit, caller)
    async with caller.database.transaction() as session:
        within = await find_optional(session, Kind.AREA, area)
        filters = {"id": None, "indicator": indicator, "area_id": within and within.id}
        rows = await session.rows("select_targets", {**filters, "after": id_after(cursor), "limit": size + 1})
    return linked(request, response, page_of_rows(Target, rows, size))


@router.post(
    "/targets",
    status_code=201,
    summary="Set a target",
    openapi_extra=described("Đặt mục tiêu", Permission.SET_TARGETS),
)
async def set_target(request: Request, response: Response, body: TargetNew, caller: TargetSetter) -> Target:
    """Set a target; the same programme, indicator, area and period replaces the one before."""

    async def work(session: Session) -> Target:
        return await _set_target(session, caller, body)

    return await once(request, response, caller, Target, work)


def _refuse_crooked(body: TargetNew) -> None:
    """Refuse a target whose parts do not belong together."""
    is_range = body.direction == "range"
    if is_range and (body.target_max is None or body.target_max < body.target):
        raise InvalidRequestError(
            fault("target_max", str(body.target_max), "a number not below target, for the direction range")
        )
    if not is_range and body.target_max is not None:
        raise InvalidRequestError(
            fault("target_max", str(body.target_max), "none but for the direction range")
        )
    for year in body.milestones:
        first = body.baseline_year if body.baseline_year is not None else year - 1
        if not first < year < body.due_year:
            expected = "a year after baseline_year and before due_year"
            raise InvalidRequestError(fault("milestones", str(year), expected))


async def _set_target(session: Session, caller: Caller, body: TargetNew) -> Target:
    _refuse_crooked(body)
    programme = await session.row("select_programmes", {"after": 0, "code": body.programme, "limit": 1})
    if programme is None:
        raise InvalidRequestError(fault("programme", body.programme, "code of a programme"))
    area = await refer(session, Kind.AREA, body.area, "area")
    # The indicator itself is not looked up: a target may be set before its first computation.
    parameters = {**body.model_dump(), "programme_id": programme["id"], "area_id": area.id}
    replaced = await session.row("select_target", parameters)
    before = None if replaced is None else await _load(session, replaced["id"])
    row = await session.one("upsert_target", parameters)
    await session.execute("delete_milestones", {"target_id": row["id"]})
    milestones = json.dumps(body.milestones)
    await session.execute("insert_milestones", {"target_id": row["id"], "milestones": milestones})
    after = await _load(session, row["id"])
    code = f"{body.programme}/{body.indicator}/{area.code}/{body.period}"
    action = "create" if before is None else "change"
    await record(session, caller, [Change(action, "target", code, state_of(before), state_of(after))])
    return after


async def _load(session: Session, target_id: int) -> Target:
    filters = {"after": 0, "indicator": None, "area_id": None, "limit": 1}
    return Target.model_validate(await session.one("select_targets", {**filters, "id": target_id}))
