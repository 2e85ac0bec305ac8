"""`Idempotency-Key`: the same request sent twice acts once and is answered the same."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, TypeVar

from psycopg.types.json import Jsonb
from pydantic import BaseModel

from api.errors import ConflictError, InvalidRequestError, fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Request, Response

    from api.auth import Caller
    from api.database import Session

HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"
_KEY_LETTERS_MAX: Final = 200
# Shown once means once: the kept answer, which a backup may hold, has none of them.
_SECRET_FIELDS: Final = frozenset({"password", "key"})

Model = TypeVar("Model", bound=BaseModel)


async def once(
    request: Request,
    response: Response,
    caller: Caller,
    model: type[Model],
    work: Callable[[Session], Awaitable[Model]],
) -> Model:
    """Run `work` in one transaction, or answer as before when its Idempotency-Key was used before.

    Args:
        request: gives key, address and body.
        response: gets `Idempotency-Replayed: true` on a repeated answer.
        caller: keys of different callers are different.
        model: what `work` returns.
        work: the change itself.

    Raises:
        ConflictError: the key was used for another request.
        InvalidRequestError: the key is empty or too long.
    """
    key = request.headers.get(HEADER)
    async with caller.database.transaction() as session:
        if key is None:
            return await work(session)
        if not 1 <= len(key) <= _KEY_LETTERS_MAX:
            raise InvalidRequestError(fault(HEADER, key, f"1 to {_KEY_LETTERS_MAX} characters"))
        identity = {"actor": caller.actor, "key": key}
        body_hash = hashlib.sha256(await request.body()).digest()
        method_path = f"{request.method} {request.url.path}"
        await session.execute("delete_idempotency", {"keep_s": caller.settings.idempotency_keep_s})
        taken = await session.row(
            "insert_idempotency", {**identity, "method_path": method_path, "body_hash": body_hash}
        )
        if taken is None:
            return await _answered(session, response, model, identity, (method_path, body_hash))
        answer = await work(session)
        kept = _without_secrets(answer.model_dump(mode="json"))
        await session.execute("update_idempotency", {**identity, "response": Jsonb(kept)})
        return answer


async def _answered(
    session: Session,
    response: Response,
    model: type[Model],
    identity: dict[str, str],
    request: tuple[str, bytes],
) -> Model:
    before = await session.one("select_idempotency", identity)
    if (before["method_path"], bytes(before["body_hash"])) != request:
        detail = f"the {HEADER} was used before for another request ({before['method_path']})"
        raise ConflictError(detail)
    response.headers[REPLAYED_HEADER] = "true"
    return model.model_validate(before["response"])


def _without_secrets(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: None if name in _SECRET_FIELDS else _without_secrets(inner) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(inner) for inner in value]
    return value
