"""Quarantine: what was set aside and why, its replay, and what is heard but unknown."""

import base64
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api.auth import Caller, QuarantineResolver, Reader
from api.changes import Change, record
from api.database import Row
from api.errors import ConflictError, InvalidRequestError, NotFoundError, fault, shown
from api.listing import linked
from api.paging import Page, cursor_of, cut, id_after
from api.parameters import Cursor, Limit, page_size
from api.permissions import Permission, described
from api.schemas.operations import (
    QuarantineCount,
    QuarantineDetail,
    QuarantineGroup,
    QuarantineItem,
    UnknownSensor,
)
from domain.quarantine import REASON_TEXTS, Reason

router = APIRouter(tags=["operations"])
_ID_MAX: Final = (1 << 62) - 1
_IDS_MAX: Final = 500

GatewayName = Annotated[str | None, Query(max_length=64, description="code; registered or not")]
SensorName = Annotated[str | None, Query(max_length=64, description="the name that the gateway uses")]
ReasonChoice = Annotated[Reason | None, Query(description="why it was set aside")]
StatusChoice = Annotated[Literal["open", "replayed", "discarded", "all"], Query()]


@router.get(
    "/quarantine",
    summary="What was set aside",
    openapi_extra=described("Danh sách cách ly", Permission.READ),
)
async def list_quarantine(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    gateway: GatewayName = None,
    sensor: SensorName = None,
    reason: ReasonChoice = None,
    status: StatusChoice = "open",
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[QuarantineItem]:
    """List messages and readings that were set aside, newest first."""
    size = page_size(limit, caller)
    filters = {"id": None, "gateway": gateway, "sensor": sensor, "reason": reason}
    position = {"before_id": id_after(cursor) if cursor else _ID_MAX, "limit": size + 1}
    chosen = None if status == "all" else status
    rows = await caller.database.rows("select_quarantine", {**filters, **position, "status": chosen})
    page, more = cut(rows, size)
    items = [_item(row) for row in page]
    following = cursor_of(page[-1]["id"]) if more else None
    return linked(request, response, Page[QuarantineItem](items=items, next=following))


def _titled(row: Row) -> Row:
    text = REASON_TEXTS.get(row["reason"])
    return {
        **row,
        "reason_vi": text.vi if text else row["reason"],
        "reason_en": text.en if text else row["reason"],
    }


def _item(row: Row) -> QuarantineItem:
    payload = bytes(row["payload"]).decode("utf-8", "backslashreplace")
    return QuarantineItem.model_validate({**_titled(row), "payload": payload})


@router.get(
    "/quarantine/summary",
    summary="Quarantine in numbers",
    openapi_extra=described("Số liệu cách ly theo lý do", Permission.READ),
)
async def summarise_quarantine(
    *,
    caller: Reader,
    gateway: GatewayName = None,
    sensor: SensorName = None,
    reason: ReasonChoice = None,
    status: StatusChoice = "open",
    ids: Annotated[
        str | None,
        Query(max_length=10_000, description=f"only these rows: up to {_IDS_MAX} ids with commas between"),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1_000,
) -> Page[QuarantineGroup]:
    """Count what was set aside by reason, gateway and status; groups with most readings first."""
    parameters = {
        "gateway": gateway,
        "sensor": sensor,
        "reason": reason,
        "status": None if status == "all" else status,
        "ids": None if ids is None else _ids(ids),
        "limit": limit,
    }
    rows = await caller.database.rows("count_quarantine", parameters)
    return Page[QuarantineGroup](items=[QuarantineGroup.model_validate(_titled(row)) for row in rows])


def _ids(text: str) -> list[int]:
    numbers = [_number(part.strip()) for part in text.split(",")]
    if None in numbers or len(numbers) > _IDS_MAX:
        raise InvalidRequestError(fault("ids", text, f"up to {_IDS_MAX} ids with commas between"))
    return [number for number in numbers if number is not None]


def _number(text: str) -> int | None:
    """Return the id that a text says, None when it says none that a row could have."""
    return int(text) if text.isascii() and text.isdigit() and int(text[:20]) < _ID_MAX else None


@router.get(
    "/quarantine/{item}",
    summary="Read one row",
    openapi_extra=described("Xem một dòng cách ly", Permission.READ),
)
async def read_quarantine(item: str, caller: Reader) -> QuarantineDetail:
    """Return one row with all of the bytes that were kept, as text, as Base64 and, where it is, as JSON."""
    row = await _found(caller, item)
    payload = bytes(row["payload"])
    return QuarantineDetail.model_validate(
        {
            **_titled(row),
            "payload": payload.decode("utf-8", "backslashreplace"),
            "payload_base64": base64.b64encode(payload).decode("ascii"),
            "payload_bytes": len(payload),
            "content": _content(payload),
        }
    )


def _content(payload: bytes) -> object:
    try:
        content: object = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return content


async def _found(caller: Caller, item: str) -> Row:
    number = _number(item)
    row = None if number is None else await caller.database.row("find_quarantine", {"id": number})
    if row is None:
        raise NotFoundError(fault("quarantine row", item, "id of a quarantine row"))
    return row


async def _resolve(
    caller: Caller, action: Literal["replay", "discard"], filters: dict[str, Any]
) -> QuarantineCount:
    name = "request_replay" if action == "replay" else "discard_quarantine"
    async with caller.database.transaction() as session:
        count = await session.execute(name, {**filters, "actor": caller.actor})
        if count and action == "replay":
            await session.row("notify_replay")
        if count:
            code = ", ".join(f"{key}={shown(value)}" for key, value in filters.items() if value is not None)
            await record(session, caller, [Change(action, "quarantine", code, None, {"count": count})])
    return QuarantineCount(count=count)


async def _resolve_one(caller: Caller, action: Literal["replay", "discard"], item: str) -> QuarantineCount:
    row = await _found(caller, item)
    if row["status"] != "open":
        detail = f"quarantine row {item} is {row['status']} already"
        raise ConflictError(detail)
    return await _resolve(
        caller, action, {"gateway": None, "sensor": None, "reason": None, "id": int(row["id"])}
    )


async def _resolve_many(
    caller: Caller,
    action: Literal["replay", "discard"],
    gateway: str | None,
    sensor: str | None,
    reason: Reason | None,
) -> QuarantineCount:
    if gateway is None and sensor is None and reason is None:
        raise InvalidRequestError(fault("gateway", "nothing", "at least one of gateway, sensor and reason"))
    filters = {"id": None, "gateway": gateway, "sensor": sensor, "reason": reason}
    return await _resolve(caller, action, filters)


@router.post(
    "/quarantine/replay",
    summary="Replay what was set aside",
    openapi_extra=described("Xử lý lại số đo cách ly", Permission.RESOLVE_QUARANTINE),
)
async def replay_many(
    caller: QuarantineResolver,
    gateway: GatewayName = None,
    sensor: SensorName = None,
    reason: ReasonChoice = None,
) -> QuarantineCount:
    """Ask the ingester to take in open rows again; it resolves those that are accepted now."""
    return await _resolve_many(caller, "replay", gateway, sensor, reason)


@router.post(
    "/quarantine/discard",
    summary="Discard what was set aside",
    openapi_extra=described("Loại bỏ số đo cách ly", Permission.RESOLVE_QUARANTINE),
)
async def discard_many(
    caller: QuarantineResolver,
    gateway: GatewayName = None,
    sensor: SensorName = None,
    reason: ReasonChoice = None,
) -> QuarantineCount:
    """Close open rows for good; they stay readable."""
    return await _resolve_many(caller, "discard", gateway, sensor, reason)


@router.post(
    "/quarantine/{item}/replay",
    summary="Replay one row",
    openapi_extra=described("Xử lý lại một dòng cách ly", Permission.RESOLVE_QUARANTINE),
)
async def replay_one(item: str, caller: QuarantineResolver) -> QuarantineCount:
    """Ask the ingester to take in one open row again."""
    return await _resolve_one(caller, "replay", item)


@router.post(
    "/quarantine/{item}/discard",
    summary="Discard one row",
    openapi_extra=described("Loại bỏ một dòng cách ly", Permission.RESOLVE_QUARANTINE),
)
async def discard_one(item: str, caller: QuarantineResolver) -> QuarantineCount:
    """Close one open row for good; it stays readable."""
    return await _resolve_one(caller, "discard", item)


@router.get(
    "/unknown",
    summary="Heard but unknown",
    openapi_extra=described("Đang gửi nhưng chưa đăng ký", Permission.READ),
)
async def list_unknown(
    caller: Reader, gateway: GatewayName = None, limit: Annotated[int, Query(ge=1, le=1_000)] = 100
) -> Page[UnknownSensor]:
    """List gateways and sensors that send without being registered, the last heard first."""
    rows = await caller.database.rows("select_unknown", {"gateway": gateway, "limit": limit})
    return Page[UnknownSensor](items=[UnknownSensor.model_validate(row) for row in rows])
