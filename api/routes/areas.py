"""Areas: provinces, cities, wards, communes, special zones and free zones."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.auth import AreaManager, Caller, Reader
from api.changes import record_one
from api.database import Session
from api.errors import ConflictError, InvalidRequestError, fault
from api.idempotency import once
from api.listing import linked, load, load_one, page_of_ids
from api.paging import Page
from api.parameters import Cursor, IncludeRetired, Limit, page_size
from api.permissions import Permission, described
from api.references import Found, Kind, find, find_in_use, find_optional, refer
from api.schemas.registry import Area, AreaChange, AreaNew
from domain.registry import AreaKind

router = APIRouter(prefix="/areas", tags=["areas"])
_SELECT: Final = "select_areas"


@router.get("", summary="List areas", openapi_extra=described("Danh sách khu vực", Permission.READ))
async def list_areas(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    kind: AreaKind | None = None,
    parent: Annotated[str | None, Query(max_length=160, description="code or id of the area above")] = None,
    include_retired: IncludeRetired = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[Area]:
    """List areas in the order in which they were made."""
    async with caller.database.transaction() as session:
        above = await find_optional(session, Kind.AREA, parent)
        filters = {"kind": kind, "parent_id": above and above.id, "include_retired": include_retired}
        ids, following = await page_of_ids(
            session, "select_area_ids", filters, cursor, page_size(limit, caller)
        )
        page = Page[Area](items=await load(session, Area, _SELECT, ids), next=following)
    return linked(request, response, page)


@router.post(
    "",
    status_code=201,
    summary="Create an area",
    openapi_extra=described("Tạo khu vực", Permission.MANAGE_AREAS),
)
async def create_area(request: Request, response: Response, body: AreaNew, caller: AreaManager) -> Area:
    """Create an area."""

    async def work(session: Session) -> Area:
        return await _create(session, caller, body)

    return await once(request, response, caller, Area, work)


async def _create(session: Session, caller: Caller, body: AreaNew) -> Area:
    above = None if body.parent is None else await refer(session, Kind.AREA, body.parent, "parent")
    if await session.row("find_area", {"code": body.code, "id": None}) is not None:
        detail = f"code: found {body.code}, which another area has"
        raise ConflictError(detail)
    parameters = {**body.model_dump(exclude={"parent"}), "parent_id": above and above.id}
    row = await session.one("insert_area", parameters)
    area = await load_one(session, Area, _SELECT, row["id"])
    await record_one(session, caller, "create", Kind.AREA, None, area)
    return area


@router.get("/{area}", summary="Read an area", openapi_extra=described("Xem một khu vực", Permission.READ))
async def read_area(area: str, caller: Reader) -> Area:
    """Return one area, also when it is retired."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.AREA, area)
        return await load_one(session, Area, _SELECT, found.id)


@router.patch(
    "/{area}",
    summary="Change an area",
    openapi_extra=described("Sửa khu vực", Permission.MANAGE_AREAS),
)
async def change_area(area: str, body: AreaChange, caller: AreaManager) -> Area:
    """Change what the body names; what it leaves out stays."""
    async with caller.database.transaction() as session:
        found = await find_in_use(session, Kind.AREA, area)
        before = await load_one(session, Area, _SELECT, found.id)
        changes = body.model_dump(exclude_unset=True)
        parent = changes.pop("parent", before.parent)
        above = None if parent is None else await refer(session, Kind.AREA, parent, "parent")
        if above is not None:
            await _refuse_circle(session, found.id, above)
        parameters = {**before.model_dump(), **changes, "parent_id": above and above.id}
        await session.execute("update_area", parameters)
        after = await load_one(session, Area, _SELECT, found.id)
        await record_one(session, caller, "change", Kind.AREA, before, after)
        return after


async def _refuse_circle(session: Session, area_id: int, above: Found) -> None:
    ancestors = await session.rows("select_area_ancestors", {"id": above.id})
    if area_id in {row["id"] for row in ancestors}:
        raise InvalidRequestError(
            fault("parent", above.code, "an area that is not the area itself nor below it")
        )


@router.delete(
    "/{area}",
    summary="Retire an area",
    openapi_extra=described("Ngừng dùng khu vực", Permission.MANAGE_AREAS),
)
async def retire_area(area: str, caller: AreaManager) -> Area:
    """Retire an area; nothing in use may belong to it. It stays readable."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.AREA, area)
        before = await load_one(session, Area, _SELECT, found.id)
        uses = await session.one("count_area_uses", {"id": found.id})
        if uses["sites"] or uses["areas"]:
            detail = f"area {found.code} still has {uses['sites']} sites and {uses['areas']} areas in use"
            raise ConflictError(detail)
        await session.execute("retire_area", {"id": found.id})
        after = await load_one(session, Area, _SELECT, found.id)
        if before.retired_at is None:
            await record_one(session, caller, "retire", Kind.AREA, before, after)
        return after
