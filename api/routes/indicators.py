"""Indicators, their values with the evidence, and what was published before."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from api.answers import entity_tag, matches, not_modified, page_response
from api.auth import Caller, Reader
from api.database import Row, Session
from api.errors import InvalidRequestError, fault
from api.evidence import Selection, item_of, revision_of, select, subjects_of, targets_of
from api.export import Column, Format, Sort, json_text, table_response
from api.instants import EARLIEST, LATEST, instant_of_micros, micros, span_of
from api.listing import linked
from api.paging import Page, cursor_of, cut, position_of
from api.parameters import Area, Cursor, From, Limit, Sensor, Site, To, page_size
from api.permissions import Permission, described
from api.references import Kind
from api.schemas.measurements import IndicatorAnswer, IndicatorRevision, IndicatorValues
from domain.indicators import SubjectKind
from domain.periods import Period

router = APIRouter(prefix="/indicators", tags=["indicators"])
_BATCH_ROWS: Final = 5_000
# Sorts before every subject, so that a first page begins before the first of them.
_BEFORE_ALL: Final = ("", 0)
_COLUMNS: Final = (
    Column("subject_kind", Sort.TEXT),
    Column("subject", Sort.TEXT),
    Column("subject_name", Sort.TEXT),
    Column("period_start", Sort.INSTANT),
    Column("period_end", Sort.INSTANT),
    Column("value", Sort.NUMBER),
    Column("unit", Sort.TEXT),
    Column("n", Sort.INTEGER),
    Column("completeness", Sort.NUMBER),
    Column("quality", Sort.TEXT),
    Column("verdict", Sort.TEXT),
    Column("limit", Sort.NUMBER),
    Column("target", Sort.NUMBER),
    Column("responsible", Sort.TEXT),
    Column("note", Sort.TEXT),
    Column("provisional", Sort.TRUTH),
    Column("signed_off", Sort.TRUTH),
    Column("method_version", Sort.TEXT),
    Column("revision", Sort.INTEGER),
    Column("computed_at", Sort.INSTANT),
    Column("detail", Sort.TEXT),
)
_PLAIN_COLUMNS: Final = tuple(column.name for column in _COLUMNS[3:-1])


class Order(StrEnum):
    """Order of values in time."""

    OLDEST_FIRST = "asc"
    NEWEST_FIRST = "desc"


PeriodChoice = Annotated[Period | None, Query(description="the indicator's first when left out")]
KindChoice = Annotated[
    SubjectKind | None,
    Query(description="kind of subjects; when left out, what the filter names, or else what belongs to it"),
]


@router.get("", summary="List indicators", openapi_extra=described("Danh sách chỉ số", Permission.READ))
async def list_indicators(request: Request, response: Response, caller: Reader) -> Page[IndicatorAnswer]:
    """List all indicators with formula, source and method version."""
    rows = await caller.database.rows("select_indicators")
    page = Page[IndicatorAnswer](items=[IndicatorAnswer.model_validate(row) for row in rows])
    return linked(request, response, page)


@dataclass(frozen=True, slots=True)
class _Query:
    """A checked request for values."""

    selection: Selection
    start: datetime | str
    end: datetime | str
    order: Order


@router.get(
    "/{code}/values",
    response_model=IndicatorValues,
    summary="Values of an indicator",
    openapi_extra=described("Giá trị của một chỉ số", Permission.READ),
)
async def list_values(
    *,
    request: Request,
    code: str,
    caller: Reader,
    area: Area = None,
    site: Site = None,
    sensor: Sensor = None,
    kind: KindChoice = None,
    period: PeriodChoice = None,
    from_: From = None,
    to: To = None,
    order: Annotated[Order, Query(description="desc (newest first) needs one subject")] = Order.OLDEST_FIRST,
    cursor: Cursor = None,
    limit: Limit = None,
    table_format: Annotated[Format, Query(alias="format")] = Format.JSON,
    bom: Annotated[bool, Query(description="CSV begins with a byte order mark")] = False,
) -> Response:
    """Return values whose period begins in [from, to).

    At most one of area, site and sensor; without any, all subjects of all kinds. A filter that the
    indicator has no values of gives those of what belongs to it: `area=` the sites in the area, `site=` the
    sensors there.
    Periods of values that are final carry an ETag.
    """
    filters = {Kind.AREA: area, Kind.SITE: site, Kind.SENSOR: sensor}
    async with caller.database.transaction() as session:
        selection = await select(session, code, period, filters, kind)
        if order is Order.NEWEST_FIRST and not selection.single:
            raise InvalidRequestError(fault("order", order, "asc, or one area, site or sensor"))
        query = _Query(selection, *span_of(from_, to, selection.zone), order)
        if table_format is Format.JSON:
            return await _page(request, session, query, cursor, page_size(limit, caller))
    return await _file(request, caller, query, table_format, (cursor, limit), bom=bom)


async def _page(request: Request, session: Session, query: _Query, cursor: str | None, size: int) -> Response:
    page, more = cut(await _rows(session, query, cursor, size + 1), size)
    items = await _items(session, query.selection, page)
    body = {
        "indicator": query.selection.indicator["code"],
        "period": query.selection.period,
        "items": items,
        "next": _cursor(page[-1]) if more else None,
    }
    return page_response(request, body, final=_final(items))


def _final(items: list[dict[str, Any]]) -> bool:
    return bool(items) and not any(item["provisional"] for item in items)


def _cursor(row: Row) -> str:
    return cursor_of(micros(row["period_start"]), row["subject_kind"], row["subject_id"])


async def _rows(session: Session, query: _Query, cursor: str | None, limit: int) -> list[Row]:
    selection = query.selection
    parameters = {**selection.parameters(), "from": query.start, "to": query.end, "limit": limit}
    position = None if cursor is None else position_of(cursor, tuple[int, str, int])
    after = None if position is None else instant_of_micros(position[0])
    if selection.single and selection.subject_ids:
        newest = query.order is Order.NEWEST_FIRST
        name = "select_newest_values" if newest else "select_values_of_subject"
        start = after or (LATEST if newest else EARLIEST)
        return await session.rows(
            name, {**parameters, "subject_id": selection.subject_ids[0], "after": start}
        )
    kind, subject_id = _BEFORE_ALL if position is None else position[1:]
    parameters |= {"after": after or EARLIEST, "after_kind": kind, "after_id": subject_id}
    if after is not None:
        parameters["from"] = after if isinstance(query.start, str) else max(after, query.start)
    return await session.rows("select_values", parameters)


async def _items(session: Session, selection: Selection, rows: Sequence[Row]) -> list[dict[str, Any]]:
    subjects = await subjects_of(session, rows)
    targets = await targets_of(session, selection)
    unit = selection.indicator["unit"]
    return [item_of(row, unit, subjects, targets) for row in rows]


async def _file(
    request: Request,
    caller: Caller,
    query: _Query,
    table_format: Format,
    part: tuple[str | None, int | None],
    *,
    bom: bool,
) -> Response:
    batches = _batches(caller, query, *part)
    none: list[dict[str, Any]] = []
    first = await anext(batches, none)
    tag: str | None = None
    # Only a table that came whole in the first batch is known to be final before it is sent.
    if len(first) < _BATCH_ROWS and _final(first):
        tag = entity_tag(str(json_text(first)).encode(), f"{table_format}{bom}")
        if matches(request, tag):
            return not_modified(tag)

    async def tables() -> AsyncIterator[list[tuple[Any, ...]]]:
        yield [_table_row(item) for item in first]
        async for batch in batches:
            yield [_table_row(item) for item in batch]

    name = f"{query.selection.indicator['code']}-{query.selection.period}"
    rows_max = caller.settings.export_rows_max
    response = await table_response(name, table_format, _COLUMNS, tables(), rows_max, bom=bom)
    response.headers["Cache-Control"] = "no-store" if tag is None else "no-cache"
    if tag is not None:
        response.headers["ETag"] = tag
    return response


async def _batches(
    caller: Caller, query: _Query, cursor: str | None, limit: int | None
) -> AsyncIterator[list[dict[str, Any]]]:
    left = limit
    while left is None or left > 0:
        size = _BATCH_ROWS if left is None else min(_BATCH_ROWS, left)
        async with caller.database.transaction() as session:
            rows = await _rows(session, query, cursor, size)
            items = await _items(session, query.selection, rows)
        if items:
            yield items
        if len(rows) < size:
            return
        cursor = _cursor(rows[-1])
        left = None if left is None else left - len(rows)


def _table_row(item: dict[str, Any]) -> tuple[Any, ...]:
    subject = item["subject"]
    plain = (item[name] for name in _PLAIN_COLUMNS)
    return (subject["kind"], subject["code"], subject["name"], *plain, json_text(item["detail"]))


@router.get(
    "/{code}/revisions",
    response_model=Page[IndicatorRevision],
    summary="Values as they were before they changed",
    openapi_extra=described("Các bản công bố trước của chỉ số", Permission.READ),
)
async def list_revisions(
    *,
    request: Request,
    code: str,
    caller: Reader,
    area: Area = None,
    site: Site = None,
    sensor: Sensor = None,
    kind: KindChoice = None,
    period: PeriodChoice = None,
    from_: From = None,
    to: To = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Response:
    """Return superseded values whose period begins in [from, to), oldest period first."""
    filters = {Kind.AREA: area, Kind.SITE: site, Kind.SENSOR: sensor}
    size = page_size(limit, caller)
    async with caller.database.transaction() as session:
        selection = await select(session, code, period, filters, kind)
        start, end = span_of(from_, to, selection.zone)
        position = None if cursor is None else position_of(cursor, tuple[int, str, int, int])
        after: tuple[datetime | str, str, int, int] = (
            (EARLIEST, *_BEFORE_ALL, 0)
            if position is None
            else (instant_of_micros(position[0]), *position[1:])
        )
        names = ("after", "after_kind", "after_id", "after_revision")
        parameters = {**selection.parameters(), "from": start, "to": end, "limit": size + 1}
        rows = await session.rows("select_revisions", {**parameters, **dict(zip(names, after, strict=True))})
        page, more = cut(rows, size)
        subjects = await subjects_of(session, page)
    following = (
        cursor_of(
            micros(page[-1]["period_start"]),
            page[-1]["subject_kind"],
            page[-1]["subject_id"],
            page[-1]["revision"],
        )
        if more
        else None
    )
    body = {"items": [revision_of(row, subjects) for row in page], "next": following}
    return page_response(request, body, final=False)
