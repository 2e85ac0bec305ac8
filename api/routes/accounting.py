"""The ledger: what became of every reading that was received."""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.auth import Caller, Reader
from api.database import Row
from api.export import Column, Format, Sort, table_response
from api.instants import EARLIEST, instant_of_micros, micros, span_of, zone_of
from api.paging import cursor_of, cut, link_next, position_of
from api.parameters import Cursor, From, Limit, To, page_size
from api.permissions import Permission, described
from api.schemas.operations import Accounting, Tally
from domain.periods import DEFAULT_TIME_ZONE

router = APIRouter(prefix="/accounting", tags=["operations"])
_COUNTS: Final = ("messages", "received", "stored", "duplicate", "conflict", "quarantined", "rejected")
_HOUR_COLUMNS: Final = (
    Column("gateway", Sort.TEXT),
    Column("hour", Sort.INSTANT),
    *(Column(name, Sort.INTEGER) for name in _COUNTS),
    Column("balanced", Sort.TRUTH),
)
_GATEWAY_COLUMNS: Final = (
    *(column for column in _HOUR_COLUMNS if column.name != "hour"),
    Column("gap_count", Sort.INTEGER),
    Column("last_batch_id", Sort.TEXT),
    Column("clock_skew_s", Sort.NUMBER),
    Column("first_seen_at", Sort.INSTANT),
    Column("last_seen_at", Sort.INSTANT),
    Column("throttled_count", Sort.INTEGER),
    Column("throttled_at", Sort.INSTANT),
)
_BATCH_ROWS: Final = 5_000


class Group(StrEnum):
    """What one item sums up."""

    GATEWAY = "gateway"
    HOUR = "hour"


@router.get(
    "",
    response_model=Accounting,
    summary="What became of the readings",
    openapi_extra=described("Đối soát số đo đã nhận", Permission.READ),
)
async def read_accounting(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    gateway: Annotated[str | None, Query(max_length=64, description="code; registered or not")] = None,
    from_: From = None,
    to: To = None,
    group: Annotated[Group, Query(description="items by gateway (sums) or by hour")] = Group.GATEWAY,
    cursor: Cursor = None,
    limit: Limit = None,
    table_format: Annotated[Format, Query(alias="format")] = Format.JSON,
    bom: Annotated[bool, Query(description="CSV begins with a byte order mark")] = False,
) -> Accounting | Response:
    """Return the sums over [from, to) of reception at the top, and the tallies that make them as items.

    received = stored + duplicate + conflict + quarantined + rejected, always: the database enforces it, and
    `balanced` says that it was looked at. As a file: all items, unless `limit` is given.
    """
    start, end = span_of(from_, to, lambda: zone_of(DEFAULT_TIME_ZONE))
    span = {"gateway": gateway, "from": start, "to": end}
    if table_format is not Format.JSON:
        columns = _HOUR_COLUMNS if group is Group.HOUR else _GATEWAY_COLUMNS
        batches = _batches(caller, span, group, (cursor, limit))
        rows_max = caller.settings.export_rows_max
        name = f"accounting-{group}"
        return await table_response(name, table_format, columns, batches, rows_max, bom=bom)
    size = page_size(limit, caller)
    async with caller.database.transaction() as session:
        sums = await session.rows("sum_accounting", span)
        if group is Group.HOUR:
            rows, more = cut(await session.rows("select_accounting", _page(span, cursor, size + 1)), size)
        else:
            rows, more = cut(_after(sums, cursor), size)
    following = _cursor(rows[-1], group) if more else None
    link_next(response, request.url, following)
    return Accounting(
        gateway=gateway,
        **{name: sum(row[name] for row in sums) for name in _COUNTS},
        balanced=all(row["balanced"] for row in sums),
        items=[Tally.model_validate(row) for row in rows],
        next=following,
    )


def _page(span: dict[str, Any], cursor: str | None, limit: int) -> dict[str, Any]:
    hour, gateway = (None, "") if cursor is None else position_of(cursor, tuple[int, str])
    after = EARLIEST if hour is None else instant_of_micros(hour)
    return {**span, "after": after, "after_gateway": gateway, "limit": limit}


def _after(sums: list[Row], cursor: str | None) -> list[Row]:
    first = "" if cursor is None else position_of(cursor, tuple[str])[0]
    return [row for row in sums if row["gateway"] > first]


def _cursor(row: Row, group: Group) -> str:
    return (
        cursor_of(micros(row["hour"]), row["gateway"]) if group is Group.HOUR else cursor_of(row["gateway"])
    )


async def _batches(
    caller: Caller, span: dict[str, Any], group: Group, page: tuple[str | None, int | None]
) -> AsyncIterator[list[tuple[Any, ...]]]:
    cursor, left = page
    if group is Group.GATEWAY:
        rows = _after(await caller.database.rows("sum_accounting", span), cursor)[:left]
        yield [tuple(row[column.name] for column in _GATEWAY_COLUMNS) for row in rows]
        return
    while left is None or left > 0:
        size = _BATCH_ROWS if left is None else min(_BATCH_ROWS, left)
        # A short query for each batch: a slow client holds neither a connection nor a snapshot.
        rows = await caller.database.rows("select_accounting", _page(span, cursor, size))
        if rows:
            yield [tuple(row[column.name] for column in _HOUR_COLUMNS) for row in rows]
        if len(rows) < size:
            return
        cursor = _cursor(rows[-1], group)
        left = None if left is None else left - len(rows)
