"""Areas, sites, gateways and sensors as clients name them: by code, or by id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from api.errors import ConflictError, InvalidRequestError, NotFoundError, fault
from api.instants import zone_of

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from api.database import Session

_ID_DIGITS_MAX: Final = 9  # keeps the id inside a 32-bit integer


class Kind(StrEnum):
    """What a reference names; also the part of its statement's name."""

    AREA = "area"
    SITE = "site"
    GATEWAY = "gateway"
    SENSOR = "sensor"


@dataclass(frozen=True, slots=True)
class Found:
    """An object of the registry that a client named.

    Attributes:
        kind: what it is.
        id: its id.
        code: its code.
        name: its name, for people.
        time_zone: of its area.
        retired_at: None while it is in use.
    """

    kind: Kind
    id: int
    code: str
    name: str
    time_zone: str
    retired_at: datetime | None

    def zone(self) -> ZoneInfo:
        """Return its time zone."""
        return zone_of(self.time_zone)


async def look_up(session: Session, kind: Kind, reference: str) -> Found | None:
    """Return what `reference` names; a code goes before an id, because codes may be digits."""
    digits = reference.isascii() and reference.isdigit() and len(reference) <= _ID_DIGITS_MAX
    row = await session.row(
        f"find_{kind}", {"code": reference.replace("\x00", ""), "id": int(reference) if digits else None}
    )
    return None if row is None else Found(kind, **row)


async def find(session: Session, kind: Kind, reference: str) -> Found:
    """Return what an address or filter names.

    Raises:
        NotFoundError: there is no such object.
    """
    found = await look_up(session, kind, reference)
    if found is None:
        raise NotFoundError(fault(kind, reference, f"code or id of a registered {kind}"))
    return found


async def find_optional(session: Session, kind: Kind, reference: str | None) -> Found | None:
    """Return what an optional filter names, None without a filter.

    Raises:
        NotFoundError: there is no such object.
    """
    return None if reference is None else await find(session, kind, reference)


async def refer(session: Session, kind: Kind, reference: str, field: str) -> Found:
    """Return what a field of a body names; it must be in use.

    Raises:
        InvalidRequestError: there is no such object, or it is retired.
    """
    found = await look_up(session, kind, reference)
    if found is None:
        raise InvalidRequestError(fault(field, reference, f"code or id of a registered {kind}"))
    if found.retired_at is not None:
        raise InvalidRequestError(fault(field, reference, f"a {kind} in use; this one is retired"))
    return found


async def find_in_use(session: Session, kind: Kind, reference: str) -> Found:
    """Return what an address names, for a change.

    Raises:
        NotFoundError: there is no such object.
        ConflictError: it is retired, and what is retired does not change.
    """
    found = await find(session, kind, reference)
    if found.retired_at is not None:
        detail = f"{kind} {found.code} is retired and cannot be changed"
        raise ConflictError(detail)
    return found
