"""Sites: stations, poles, pumps, feeders, where several sensors stand."""

from typing import Final

from fastapi import APIRouter, Request, Response

from api.auth import Caller, Reader, Registrar
from api.changes import record_one
from api.database import Session
from api.errors import ConflictError
from api.idempotency import once
from api.listing import linked, load, load_one, page_of_ids
from api.paging import Page
from api.parameters import Area, Cursor, IncludeRetired, Limit, page_size
from api.permissions import Permission, described
from api.references import Kind, find, find_in_use, find_optional, refer
from api.schemas.registry import Site, SiteChange, SiteNew
from domain.registry import SiteKind

router = APIRouter(prefix="/sites", tags=["sites"])
_SELECT: Final = "select_sites"
# Their values of the past depend on them.
_FIELDS_OF_VALUES: Final = ("area", "customers", "aqi_eligible", "zones")


@router.get("", summary="List sites", openapi_extra=described("Danh sách điểm đo", Permission.READ))
async def list_sites(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    area: Area = None,
    kind: SiteKind | None = None,
    include_retired: IncludeRetired = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[Site]:
    """List sites; an area counts with all areas below it."""
    async with caller.database.transaction() as session:
        within = await find_optional(session, Kind.AREA, area)
        filters = {"kind": kind, "area_id": within and within.id, "include_retired": include_retired}
        ids, following = await page_of_ids(
            session, "select_site_ids", filters, cursor, page_size(limit, caller)
        )
        page = Page[Site](items=await load(session, Site, _SELECT, ids), next=following)
    return linked(request, response, page)


@router.post(
    "", status_code=201, summary="Create a site", openapi_extra=described("Tạo điểm đo", Permission.REGISTER)
)
async def create_site(request: Request, response: Response, body: SiteNew, caller: Registrar) -> Site:
    """Create a site."""

    async def work(session: Session) -> Site:
        return await _create(session, caller, body)

    return await once(request, response, caller, Site, work)


async def _create(session: Session, caller: Caller, body: SiteNew) -> Site:
    area = await refer(session, Kind.AREA, body.area, "area")
    if await session.row("find_site", {"code": body.code, "id": None}) is not None:
        detail = f"code: found {body.code}, which another site has"
        raise ConflictError(detail)
    row = await session.one("insert_site", {**body.model_dump(exclude={"area", "zones"}), "area_id": area.id})
    await _set_zones(session, row["id"], body.zones)
    site = await load_one(session, Site, _SELECT, row["id"])
    await record_one(session, caller, "create", Kind.SITE, None, site)
    return site


async def _set_zones(session: Session, site_id: int, zones: list[str]) -> None:
    ids = [(await refer(session, Kind.AREA, zone, "zones")).id for zone in zones]
    await session.execute("delete_site_zones", {"id": site_id})
    await session.execute("insert_site_zones", {"id": site_id, "zone_ids": ids})


@router.get("/{site}", summary="Read a site", openapi_extra=described("Xem một điểm đo", Permission.READ))
async def read_site(site: str, caller: Reader) -> Site:
    """Return one site, also when it is retired."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.SITE, site)
        return await load_one(session, Site, _SELECT, found.id)


@router.patch("/{site}", summary="Change a site", openapi_extra=described("Sửa điểm đo", Permission.REGISTER))
async def change_site(site: str, body: SiteChange, caller: Registrar) -> Site:
    """Change what the body names; values of the past that depend on it are computed again."""
    async with caller.database.transaction() as session:
        found = await find_in_use(session, Kind.SITE, site)
        before = await load_one(session, Site, _SELECT, found.id)
        changes = body.model_dump(exclude_unset=True)
        area = await refer(session, Kind.AREA, changes.pop("area", before.area), "area")
        zones = changes.pop("zones", None)
        await session.execute("update_site", {**before.model_dump(), **changes, "area_id": area.id})
        if zones is not None:
            await _set_zones(session, found.id, zones)
        after = await load_one(session, Site, _SELECT, found.id)
        if any(getattr(before, field) != getattr(after, field) for field in _FIELDS_OF_VALUES):
            await session.execute("mark_dirty_sites", {"site_ids": [found.id]})
        await record_one(session, caller, "change", Kind.SITE, before, after)
        return after


@router.delete(
    "/{site}", summary="Retire a site", openapi_extra=described("Ngừng dùng điểm đo", Permission.REGISTER)
)
async def retire_site(site: str, caller: Registrar) -> Site:
    """Retire a site; no sensor in use may stand there. It stays readable."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.SITE, site)
        before = await load_one(session, Site, _SELECT, found.id)
        uses = await session.one("count_site_uses", {"id": found.id})
        if uses["sensors"]:
            detail = (
                f"site {found.code} still has {uses['sensors']} sensors in use: retire or move them first"
            )
            raise ConflictError(detail)
        await session.execute("retire_site", {"id": found.id})
        after = await load_one(session, Site, _SELECT, found.id)
        if before.retired_at is None:
            await record_one(session, caller, "retire", Kind.SITE, before, after)
        return after
