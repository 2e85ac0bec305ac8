"""Credentials of gateways on the broker: given once, kept as hashes, awaited until a broker has them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Final

import msgspec

from domain.credentials import broker_password_hash, new_password

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.database import Database, Session

_POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential just given; the only place where the password is in clear."""

    gateway: str
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class _Kept:
    gateway_id: int
    username: str
    password_hash: str


async def issue(session: Session, gateways: Mapping[int, str]) -> list[Issued]:
    """Give each gateway (id: code) a new credential; the one before ends.

    Args:
        session: the transaction.
        gateways: codes by id.
    """
    if not gateways:
        return []
    issued = [Issued(code, code, new_password()) for code in gateways.values()]
    # Each hash is a tenth of a millisecond or so: of thousands of gateways, the loop must not wait for them.
    hashes = await asyncio.to_thread(lambda: [broker_password_hash(each.password) for each in issued])
    kept = [
        _Kept(gateway_id, each.username, password_hash)
        for gateway_id, each, password_hash in zip(gateways, issued, hashes, strict=True)
    ]
    await session.execute("revoke_credentials", {"gateway_ids": list(gateways)})
    await session.execute("insert_credentials", {"rows": msgspec.json.encode(kept).decode()})
    return issued


async def wait_until_active(database: Database, wait_s_max: float) -> bool:
    """Ask the brokers to load the credentials as committed, and say whether one has within the time.

    The version is raised after the commit: a broker that loaded while the change was still open may have
    reached the version of the change without having seen it. Without any broker there is nothing to wait for.
    """
    deadline = monotonic() + wait_s_max
    wanted = await database.row("raise_access_wanted")
    while wanted is not None:
        applied = await database.row("select_access_applied")
        if applied is None or applied["brokers"] == 0:
            return False
        if applied["version"] >= wanted["version"]:
            return True
        if monotonic() >= deadline:
            return False
        await asyncio.sleep(_POLL_S)
    return False
