"""The ledger: what became of every reading that was received."""

from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.auth import Reader
from api.instants import EARLIEST, instant_of_micros, micros, span_of, zone_of
from api.paging import cursor_of, cut, link_next, position_of
from api.parameters import Cursor, From, Limit, To, page_size
from api.permissions import Permission, described
from api.schemas.operations import Accounting, Tally
from domain.periods import DEFAULT_TIME_ZONE

router = APIRouter(prefix="/accounting", tags=["operations"])
_COUNTS: Final = ("messages", "received", "stored", "duplicate", "conflict", "quarantined", "rejected")


class Group(StrEnum):
    """What one item sums up."""

    GATEWAY = "gateway"
    HOUR = "hour"


@router.get(
    "",
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
) -> Accounting:
    """Return the sums over [from, to) of reception at the top, and the tallies that make them as items.

    received = stored + duplicate + conflict + quarantined + rejected, always: the database enforces it.
    """
    size = page_size(limit, caller)
    start, end = span_of(from_, to, lambda: zone_of(DEFAULT_TIME_ZONE))
    span = {"gateway": gateway, "from": start, "to": end}
    async with caller.database.transaction() as session:
        sums = await session.rows("sum_accounting", span)
        totals = {name: sum(row[name] for row in sums) for name in _COUNTS}
        following: str | None = None
        if group is Group.HOUR:
            hour, after_gateway = (None, "") if cursor is None else position_of(cursor, tuple[int, str])
            after = EARLIEST if hour is None else instant_of_micros(hour)
            position = {"after": after, "after_gateway": after_gateway, "limit": size + 1}
            rows, more = cut(await session.rows("select_accounting", {**span, **position}), size)
            following = cursor_of(micros(rows[-1]["hour"]), rows[-1]["gateway"]) if more else None
        else:
            first = "" if cursor is None else position_of(cursor, tuple[str])[0]
            rows, more = cut([row for row in sums if row["gateway"] > first], size)
            following = cursor_of(rows[-1]["gateway"]) if more else None
    link_next(response, request.url, following)
    items = [Tally.model_validate(row) for row in rows]
    return Accounting(gateway=gateway, **totals, items=items, next=following)
