"""Readings as they were stored, and the newest of each sensor."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.answers import page_response
from api.auth import Caller, Reader
from api.database import Row
from api.export import Column, Format, Sort, table_response
from api.instants import EARLIEST, instant_of_micros, micros, span_of
from api.listing import linked, page_of_ids
from api.newest import newest_readings
from api.paging import Page, cursor_of, cut, position_of
from api.parameters import Area, Cursor, From, Limit, Sensor, Site, To, page_size
from api.permissions import Permission, described
from api.references import Found, Kind, find, find_optional
from api.schemas.measurements import LatestReading, Readings

router = APIRouter(prefix="/readings", tags=["readings"])
_LATEST_MAX: Final = 1_000
_BATCH_ROWS: Final = 10_000
_COLUMNS: Final = (
    Column("sensor", Sort.TEXT),
    Column("quantity", Sort.TEXT),
    Column("unit", Sort.TEXT),
    Column("ts", Sort.INSTANT),
    Column("value", Sort.NUMBER),
    Column("flag", Sort.INTEGER),
    Column("state", Sort.INTEGER),
)


@router.get(
    "",
    response_model=Readings,
    summary="Readings of a sensor",
    openapi_extra=described("Số đo của một cảm biến", Permission.READ),
)
async def list_readings(
    *,
    request: Request,
    caller: Reader,
    sensor: Annotated[str, Query(max_length=160, description="code or id of a sensor")],
    from_: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = None,
    table_format: Annotated[Format, Query(alias="format")] = Format.JSON,
    bom: Annotated[bool, Query(description="CSV begins with a byte order mark")] = False,
) -> Response:
    """Return readings in [from, to), oldest first; as a file, all of them unless `limit` is given."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.SENSOR, sensor)
        about = await session.one("select_sensors", {"ids": [found.id]})
    start, end = span_of(from_, to, found.zone)
    span: dict[str, Any] = {"sensor_id": found.id, "from": start, "to": end, "after": _after(cursor)}
    if table_format is not Format.JSON:
        batches = _batches(caller, span, about, limit)
        name = f"readings-{found.id}"
        rows_max = caller.settings.export_rows_max
        return await table_response(name, table_format, _COLUMNS, batches, rows_max, bom=bom)
    size = page_size(limit, caller)
    rows = await caller.database.rows("select_readings", {**span, "limit": size + 1})
    page, more = cut(rows, size)
    body = {
        "sensor": found.code,
        "quantity": about["quantity"],
        "unit": about["stored_unit"],
        "items": page,
        "next": cursor_of(micros(page[-1]["ts"])) if more else None,
    }
    return page_response(request, body, final=False)


def _after(cursor: str | None) -> datetime | str:
    return EARLIEST if cursor is None else instant_of_micros(position_of(cursor, tuple[int])[0])


async def _batches(
    caller: Caller, span: dict[str, Any], about: Row, limit: int | None
) -> AsyncIterator[list[tuple[Any, ...]]]:
    left = limit
    while left is None or left > 0:
        size = _BATCH_ROWS if left is None else min(_BATCH_ROWS, left)
        # A short query for each batch: a slow client holds neither a connection nor a snapshot.
        rows = await caller.database.rows("select_readings", {**span, "limit": size})
        if rows:
            head = (about["code"], about["quantity"], about["stored_unit"])
            yield [(*head, row["ts"], row["value"], row["flag"], row["state"]) for row in rows]
        if len(rows) < size:
            return
        span = {**span, "after": rows[-1]["ts"]}
        left = None if left is None else left - len(rows)


@router.get(
    "/latest",
    summary="Newest reading of each sensor",
    openapi_extra=described("Số đo mới nhất", Permission.READ),
)
async def list_latest(
    *,
    request: Request,
    response: Response,
    caller: Reader,
    area: Area = None,
    site: Site = None,
    sensor: Sensor = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=_LATEST_MAX)] = 100,
) -> Page[LatestReading]:
    """List sensors with their newest reading; values are null where nothing has come yet."""
    async with caller.database.transaction() as session:
        chosen: dict[Kind, Found | None] = {
            Kind.AREA: await find_optional(session, Kind.AREA, area),
            Kind.SITE: await find_optional(session, Kind.SITE, site),
            Kind.SENSOR: await find_optional(session, Kind.SENSOR, sensor),
        }
        filters = {f"{kind}_id": found and found.id for kind, found in chosen.items()}
        filters |= {"gateway_id": None, "quantity": None, "include_retired": sensor is not None}
        ids, following = await page_of_ids(session, "select_sensor_ids", filters, cursor, limit)
        rows = await newest_readings(session, ids)
    items = [LatestReading.model_validate(row) for row in rows]
    return linked(request, response, Page[LatestReading](items=items, next=following))
