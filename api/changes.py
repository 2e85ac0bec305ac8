"""The audit log: every change with before and after, by whom, from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel

    from api.auth import Caller
    from api.database import Session


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one object."""

    action: str
    object_kind: str
    object_code: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def state_of(model: BaseModel | None) -> dict[str, Any] | None:
    """Return an answer model as it goes into the log."""
    return None if model is None else model.model_dump(mode="json")


async def record(session: Session, caller: Caller, changes: Sequence[Change]) -> None:
    """Write changes to the log, in the transaction that makes them."""
    if not changes:
        return
    rows = msgspec.json.encode(list(changes)).decode()
    await session.execute("insert_audit", {"actor": caller.actor, "origin": caller.origin, "rows": rows})


async def record_one(
    session: Session,
    caller: Caller,
    action: str,
    kind: str,
    before: BaseModel | None,
    after: BaseModel | None,
) -> None:
    """Write one change of an object whose model has a `code` or an `id`."""
    named = after if after is not None else before
    code = str(getattr(named, "code", None) or getattr(named, "id", ""))
    await record(session, caller, [Change(action, kind, code, state_of(before), state_of(after))])
