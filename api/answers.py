"""JSON of long lists, encoded once and without a second validation; entity tags of what is final."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import Response

from api.paging import link_next

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

_encoder = msgspec.json.Encoder()
_NOT_MODIFIED = 304


def entity_tag(content: bytes, variant: str) -> str:
    """Return the entity tag of content in one of its formats."""
    return f'"{hashlib.sha256(variant.encode() + content).hexdigest()[:32]}"'


def matches(request: Request, tag: str) -> bool:
    """Say whether the client has the answer with this tag already."""
    sent = request.headers.get("if-none-match", "")
    return sent.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in sent.split(","))


def not_modified(tag: str) -> Response:
    """Return the answer to a client that has it already."""
    return Response(status_code=_NOT_MODIFIED, headers={"ETag": tag, "Cache-Control": "no-cache"})


def page_response(request: Request, body: Mapping[str, Any], *, final: bool) -> Response:
    """Return a page with its `Link`; with an entity tag when nothing in it is still open.

    Args:
        request: gives the address and If-None-Match.
        body: the page, with `next`.
        final: nothing in it is provisional.
    """
    content = _encoder.encode(body)
    tag = entity_tag(content, "json") if final else None
    if tag is not None and matches(request, tag):
        return not_modified(tag)
    response = Response(content, media_type="application/json")
    response.headers["Cache-Control"] = "no-store" if tag is None else "no-cache"
    if tag is not None:
        response.headers["ETag"] = tag
    link_next(response, request.url, body["next"])
    return response
