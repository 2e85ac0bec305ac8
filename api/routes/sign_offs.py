"""Signed-off values: they change only by a revision with a reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.auth import Caller, Reader, Signer
from api.changes import Change, record
from api.database import Row, Session
from api.errors import ConflictError, InvalidRequestError, NotFoundError, fault
from api.evidence import Selection, select, subjects_of
from api.idempotency import once
from api.instants import span_of
from api.listing import linked
from api.paging import Page, cursor_of, cut, id_after
from api.parameters import Area, Cursor, Limit, page_size
from api.permissions import Permission, described
from api.references import Kind, find_optional
from api.schemas.assessment import Acceptance, Proposal, SignOff, SignOffNew, SignOffs
from domain.indicators import SubjectKind
from domain.periods import Period, period_end

router = APIRouter(tags=["targets"])
IndicatorFilter = Annotated[str | None, Query(max_length=64)]
_SENSORS_MAX: Final = 100_000


@router.get(
    "/sign-offs",
    summary="List signatures",
    openapi_extra=described("Danh sách chữ ký xác nhận", Permission.READ),
)
async def list_sign_offs(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    indicator: IndicatorFilter = None,
    area: Area = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[SignOff]:
    """List signatures under values, the first made first; a revision of a signed value is one of its own."""
    size = page_size(limit, caller)
    async with caller.database.transaction() as session:
        within = await find_optional(session, Kind.AREA, area)
        filters = {"indicator": indicator, "area_id": within and within.id, "after": id_after(cursor)}
        rows = await session.rows("select_sign_offs", {**filters, "limit": size + 1})
        page, more = cut(rows, size)
        items = [SignOff.model_validate(one) for one in await _resolved(session, page)]
    following = cursor_of(page[-1]["id"]) if more else None
    return linked(request, response, Page[SignOff](items=items, next=following))


@router.post(
    "/sign-offs",
    status_code=201,
    summary="Sign off closed values",
    openapi_extra=described("Xác nhận (ký) giá trị đã đóng", Permission.SIGN_OFF),
)
async def sign_off(request: Request, response: Response, body: SignOffNew, caller: Signer) -> SignOffs:
    """Sign off the closed values of one subject; values that are signed already stay as they are.

    From then on they change only by a revision with a reason. Values that are still provisional are refused.
    """

    async def work(session: Session) -> SignOffs:
        return await _sign(session, caller, body)

    return await once(request, response, caller, SignOffs, work)


async def _sign(session: Session, caller: Caller, body: SignOffNew) -> SignOffs:
    named = {Kind.AREA: body.area, Kind.SITE: body.site, Kind.SENSOR: body.sensor}
    if sum(each is not None for each in named.values()) != 1:
        raise InvalidRequestError(fault("area", "none or several", "exactly one of area, site and sensor"))
    kind = next(SubjectKind(key.value) for key, each in named.items() if each is not None)
    selection = await select(session, body.indicator, body.period, named, kind)
    start, end = span_of(body.from_, body.to, selection.zone)
    await _refuse_unsignable(session, selection, start, end)
    rows = await session.rows(
        "sign_values",
        {**selection.parameters(), "from": start, "to": end, "actor": caller.actor, "reason": body.reason},
    )
    if not rows:
        found = f"{body.indicator} {body.period} {body.from_} .. {body.to}"
        detail = f"nothing to sign: found {found}, expected closed values that are not signed yet"
        raise ConflictError(detail)
    code = selection.indicator["code"]
    items = [SignOff.model_validate(one | {"indicator": code}) for one in await _resolved(session, rows)]
    await _record(session, caller, "sign off", items)
    return SignOffs(items=items)


async def _refuse_unsignable(
    session: Session, selection: Selection, start: datetime | str, end: datetime | str
) -> None:
    if selection.kind is SubjectKind.SENSOR and selection.period == Period.HOUR:
        raise InvalidRequestError(fault("period", "hour", "day or longer for a sensor"))
    ids = selection.subject_ids or []
    parameters = {**selection.parameters(), "subject_id": ids[0], "from": start, "to": end}
    rows = await session.rows("select_open_values", parameters)
    if rows:
        detail = f"period_start: found {rows[0]['period_start'].isoformat()}, whose value is provisional; "
        raise ConflictError(detail + "expected periods that are over and computed")


@router.get(
    "/proposals",
    summary="What signed values would be today",
    openapi_extra=described("Giá trị đề xuất thay cho giá trị đã ký", Permission.READ),
)
async def list_proposals(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    indicator: IndicatorFilter = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[Proposal]:
    """List what recomputations would have changed in signed values; nothing changes until one is accepted."""
    size = page_size(limit, caller)
    async with caller.database.transaction() as session:
        filters = {"indicator": indicator, "id": None, "after": id_after(cursor), "limit": size + 1}
        page, more = cut(await session.rows("select_proposals", filters), size)
        items = [Proposal.model_validate(one) for one in await _resolved(session, page)]
    following = cursor_of(page[-1]["id"]) if more else None
    return linked(request, response, Page[Proposal](items=items, next=following))


@router.post(
    "/proposals/{proposal}/accept",
    summary="Revise a signed value",
    openapi_extra=described("Sửa giá trị đã ký, kèm lý do", Permission.SIGN_OFF),
)
async def accept_proposal(
    request: Request, response: Response, proposal: int, body: Acceptance, caller: Signer
) -> SignOff:
    """Let the proposal take the place of the signed value: a new revision, signed, with the reason."""

    async def work(session: Session) -> SignOff:
        return await _accept(session, caller, proposal, body.reason)

    return await once(request, response, caller, SignOff, work)


async def _accept(session: Session, caller: Caller, proposal: int, reason: str) -> SignOff:
    row = await session.row(
        "revise_signed_value", {"proposal": proposal, "actor": caller.actor, "reason": reason}
    )
    if row is None:
        raise NotFoundError(fault("proposal", str(proposal), "id of a proposal that waits"))
    (resolved,) = await _resolved(session, [row])
    await _mark_longer(session, row, resolved["period_start"])
    item = SignOff.model_validate(resolved)
    await _record(session, caller, "revise", [item])
    return item


async def _mark_longer(session: Session, row: Row, local_start: datetime) -> None:
    """Have the longer periods of the subject computed again: they add up shorter ones."""
    filters: dict[str, Any] = {f"{kind}_id": None for kind in Kind}
    filters[f"{row['subject_kind']}_id"] = row["subject_id"]
    some = {"after": 0, "quantity": None, "include_retired": True, "limit": _SENSORS_MAX}
    sensors = await session.rows("select_sensor_ids", {**filters, **some})
    span = {"start": row["period_start"], "end": period_end(local_start, Period(row["period"]))}
    await session.execute("mark_dirty_period", {"sensor_ids": [one["id"] for one in sensors], **span})


async def _resolved(session: Session, rows: Sequence[Row]) -> list[Row]:
    """Return the rows with their subject by name, and local times."""
    subjects = await subjects_of(session, rows)
    resolved: list[Row] = []
    for row in rows:
        subject = subjects[row["subject_kind"], row["subject_id"]]
        local = row["period_start"].astimezone(subject.zone)
        resolved.append({**row, "subject": subject.as_dict(), "period_start": local})
    return resolved


async def _record(session: Session, caller: Caller, action: str, items: Sequence[SignOff]) -> None:
    changes = [
        Change(
            action,
            "value",
            f"{item.indicator}/{item.subject.code}/{item.period}/{item.period_start.isoformat()}",
            None,
            item.model_dump(mode="json"),
        )
        for item in items
    ]
    await record(session, caller, changes)
