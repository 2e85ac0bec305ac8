"""Interruptions of supply: measured or entered by hand, and what people know of them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.auth import Caller, EvidenceDeclarer, Reader
from api.changes import record_one
from api.database import Row, Session
from api.errors import ConflictError, InvalidRequestError, NotFoundError, fault
from api.idempotency import once
from api.instants import EARLIEST, LATEST, span_of, zone_of
from api.listing import linked, page_of_rows
from api.paging import Page, id_after
from api.parameters import Area, Cursor, From, Limit, Site, To, page_size
from api.permissions import Permission, described
from api.references import Kind, find_optional, refer
from api.schemas.operations import Interruption, InterruptionChange, InterruptionNew
from domain.periods import DEFAULT_TIME_ZONE

router = APIRouter(prefix="/interruptions", tags=["evidence"])
_ID_MAX: Final = (1 << 62) - 1
# Indicators of supply are computed from the hours of these sensors.
_SUPPLY: Final = "supply_state"
_MEASURED: Final = "ended_at: this interruption was measured; only one entered by hand has its end set"
# An interruption that is going on touches the hours until now; one that never ends must not for ever.
_MARKED_MAX: Final = timedelta(days=400)


@router.get(
    "", summary="List interruptions", openapi_extra=described("Danh sách sự cố mất điện", Permission.READ)
)
async def list_interruptions(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    area: Area = None,
    site: Site = None,
    from_: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[Interruption]:
    """List interruptions that touch [from, to)."""
    size = page_size(limit, caller)
    async with caller.database.transaction() as session:
        within = await find_optional(session, Kind.AREA, area)
        at_site = await find_optional(session, Kind.SITE, site)
        about = at_site or within
        start, end = span_of(from_, to, about.zone if about else lambda: zone_of(DEFAULT_TIME_ZONE))
        rows = await session.rows(
            "select_interruptions",
            {
                "after": id_after(cursor),
                "id": None,
                "site_id": at_site and at_site.id,
                "area_id": within and within.id,
                "from": start,
                "to": end,
                "limit": size + 1,
            },
        )
    return linked(request, response, page_of_rows(Interruption, rows, size))


async def _load(session: Session, interruption_id: int) -> Interruption:
    filters: dict[str, Any] = {"after": 0, "id": interruption_id, "site_id": None, "area_id": None}
    row = await session.one("select_interruptions", {**filters, "from": EARLIEST, "to": LATEST, "limit": 1})
    return Interruption.model_validate(row)


@router.post(
    "",
    status_code=201,
    summary="Enter an interruption by hand",
    openapi_extra=described("Nhập sự cố mất điện", Permission.DECLARE_EVIDENCE),
)
async def create_interruption(
    request: Request, response: Response, body: InterruptionNew, caller: EvidenceDeclarer
) -> Interruption:
    """Enter an interruption that no sensor saw; it counts like a measured one."""
    _refuse_backwards(body.started_at, body.ended_at)

    async def work(session: Session) -> Interruption:
        return await _create(session, caller, body)

    return await once(request, response, caller, Interruption, work)


async def _create(session: Session, caller: Caller, body: InterruptionNew) -> Interruption:
    site = await refer(session, Kind.SITE, body.site, "site")
    row = await session.one("insert_interruption", {**body.model_dump(), "site_id": site.id})
    stored = await session.one("lock_interruption", {"id": row["id"]})
    await _mark_dirty(session, stored, stored["ended_at"])
    after = await _load(session, row["id"])
    await record_one(session, caller, "create", "interruption", None, after)
    return after


def _refuse_backwards(started_at: datetime, ended_at: datetime | None) -> None:
    if ended_at is not None and ended_at < started_at:
        raise InvalidRequestError(fault("ended_at", ended_at.isoformat(), "an instant not before started_at"))


@router.patch(
    "/{interruption}",
    summary="Say what an interruption was",
    openapi_extra=described("Ghi chú sự cố mất điện", Permission.DECLARE_EVIDENCE),
)
async def change_interruption(
    interruption: str, body: InterruptionChange, caller: EvidenceDeclarer
) -> Interruption:
    """Say whether it was planned, is excluded, and why; values that contain it are computed again."""
    async with caller.database.transaction() as session:
        stored = await _lock(session, interruption)
        changes = body.model_dump(exclude_unset=True)
        if "ended_at" in changes and stored["sensor_id"] is not None:
            raise ConflictError(_MEASURED)
        _refuse_backwards(stored["started_at"], changes.get("ended_at"))
        before = await _load(session, stored["id"])
        changed = {**stored, **changes}
        await session.execute("update_interruption", changed)
        ends = [stored["ended_at"], changed["ended_at"]]
        await _mark_dirty(session, stored, None if None in ends else max(ends))
        after = await _load(session, stored["id"])
        await record_one(session, caller, "change", "interruption", before, after)
        return after


async def _lock(session: Session, reference: str) -> Row:
    digits = reference.isascii() and reference.isdigit() and int(reference[:20]) <= _ID_MAX
    stored = await session.row("lock_interruption", {"id": int(reference)}) if digits else None
    if stored is None:
        raise NotFoundError(fault("interruption", reference, "id of an interruption"))
    return stored


async def _mark_dirty(session: Session, stored: Row, ended_at: datetime | None) -> None:
    until = min(ended_at or datetime.now(UTC), stored["started_at"] + _MARKED_MAX)
    span = {"since": stored["started_at"], "until": max(until, stored["started_at"])}
    await session.execute(
        "mark_dirty_site",
        {**span, "site_id": stored["site_id"], "quantity": _SUPPLY, "sensor_id": stored["sensor_id"]},
    )
