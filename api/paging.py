"""Keyset cursors: opaque to the client, position of the last item to us."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
from pydantic import BaseModel

from api.errors import InvalidRequestError, fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import URL
    from starlette.responses import Response

Item = TypeVar("Item")
Position = TypeVar("Position")

_EXPECTED = "a cursor from the field next of the page before"


class Page(BaseModel, Generic[Item]):
    """One page of a list.

    Attributes:
        items: the page.
        next: pass it as `cursor` to get the page after; null on the last page.
    """

    items: list[Item]
    next: str | None = None


def cursor_of(*position: object) -> str:
    """Return the cursor for a position: the sort key of the last item of a page."""
    return urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def position_of(cursor: str, shape: type[Position]) -> Position:
    """Return the position that a cursor stands for.

    Args:
        cursor: as the client sent it.
        shape: a tuple type, such as `tuple[int]`.

    Raises:
        InvalidRequestError: not a cursor of this list.
    """
    try:
        raw = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        return msgspec.json.decode(raw, type=shape)
    except (ValueError, UnicodeEncodeError, msgspec.DecodeError, RecursionError) as error:
        raise InvalidRequestError(fault("cursor", cursor, _EXPECTED)) from error


def id_after(cursor: str | None) -> int:
    """Return the id after which a list ordered by id goes on; 0 at its start."""
    if cursor is None:
        return 0
    position = position_of(cursor, tuple[int])[0]
    if not 0 <= position < 1 << 62:
        raise InvalidRequestError(fault("cursor", cursor, _EXPECTED))
    return position


def cut(rows: Sequence[Item], limit: int) -> tuple[Sequence[Item], bool]:
    """Return the page and whether more follows, of rows that were asked for with one to spare."""
    return (rows[:limit], True) if len(rows) > limit else (rows, False)


def link_next(response: Response, url: URL, cursor: str | None) -> None:
    """Add `Link: <…>; rel="next"` when there is a next page."""
    if cursor is not None:
        target = url.include_query_params(cursor=cursor)
        response.headers["Link"] = f'<{target.path}?{target.query}>; rel="next"'
