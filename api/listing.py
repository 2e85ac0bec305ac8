"""Lists of the registry: a page of ids, then the objects of that page."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from api.paging import Page, cursor_of, cut, id_after, link_next

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import Request, Response

    from api.database import Row, Session

Model = TypeVar("Model", bound=BaseModel)


async def load(session: Session, model: type[Model], name: str, ids: Sequence[int]) -> list[Model]:
    """Return the objects with these ids, in the order of their ids.

    Args:
        session: the transaction.
        model: what a row is answered as.
        name: the statement; it takes `ids`.
        ids: which.
    """
    return [model.model_validate(row) for row in await session.rows(name, {"ids": list(ids)})]


async def load_one(session: Session, model: type[Model], name: str, object_id: int) -> Model:
    """Return the object with this id, which exists."""
    return model.model_validate(await session.one(name, {"ids": [object_id]}))


async def page_of_ids(
    session: Session, name: str, filters: Mapping[str, object], cursor: str | None, limit: int
) -> tuple[list[int], str | None]:
    """Return one page of ids and the cursor of the next.

    Args:
        session: the transaction.
        name: the statement; it takes `after`, `limit` and the filters.
        filters: its other parameters.
        cursor: where the page begins.
        limit: how many.
    """
    rows = await session.rows(name, {**filters, "after": id_after(cursor), "limit": limit + 1})
    page, more = cut(rows, limit)
    ids = [int(row["id"]) for row in page]
    return ids, cursor_of(ids[-1]) if more else None


def page_of_rows(model: type[Model], rows: Sequence[Row], limit: int) -> Page[Model]:
    """Return a page of rows that were asked for with one to spare, ordered by `id`."""
    page, more = cut(rows, limit)
    items = [model.model_validate(row) for row in page]
    return Page[Model](items=items, next=cursor_of(page[-1]["id"]) if more else None)


def linked(request: Request, response: Response, page: Page[Model]) -> Page[Model]:
    """Return the page, after adding the `Link` header of its next one."""
    link_next(response, request.url, page.next)
    return page
