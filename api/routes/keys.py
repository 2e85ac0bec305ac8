"""API keys: made once, kept as hashes, revocable."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.auth import Caller, KeyManager
from api.changes import Change, record, state_of
from api.database import Session
from api.errors import InvalidRequestError, NotFoundError, fault
from api.idempotency import once
from api.listing import linked, page_of_rows
from api.paging import Page, id_after
from api.parameters import Cursor, Limit, page_size
from api.permissions import Permission, described
from api.schemas.operations import Key, KeyCreated, KeyNew
from domain.credentials import api_key_hash, api_key_prefix, new_api_key

router = APIRouter(prefix="/keys", tags=["keys"])
_ID_DIGITS_MAX: Final = 9


@router.get(
    "", summary="List API keys", openapi_extra=described("Danh sách khoá API", Permission.MANAGE_KEYS)
)
async def list_keys(
    request: Request,
    response: Response,
    caller: KeyManager,
    include_revoked: Annotated[bool, Query()] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[Key]:
    """List keys; what is kept of them cannot be used."""
    size = page_size(limit, caller)
    parameters = {"after": id_after(cursor), "include_revoked": include_revoked, "limit": size + 1}
    rows = await caller.database.rows("select_api_keys", parameters)
    return linked(request, response, page_of_rows(Key, rows, size))


@router.post(
    "",
    status_code=201,
    summary="Make an API key",
    openapi_extra=described("Tạo khoá API", Permission.MANAGE_KEYS),
)
async def create_key(request: Request, response: Response, body: KeyNew, caller: KeyManager) -> KeyCreated:
    """Make a key; the secret is in this answer and nowhere else."""
    if body.expires_at is not None and body.expires_at <= datetime.now(UTC):
        raise InvalidRequestError(
            fault("expires_at", body.expires_at.isoformat(), "an instant in the future")
        )

    async def work(session: Session) -> KeyCreated:
        return await _create(session, caller, body)

    return await once(request, response, caller, KeyCreated, work)


async def _create(session: Session, caller: Caller, body: KeyNew) -> KeyCreated:
    secret = new_api_key()
    kept = {"key_prefix": api_key_prefix(secret), "key_hash": api_key_hash(secret), "session_of": None}
    key = Key.model_validate(await session.one("insert_api_key", {**body.model_dump(), **kept}))
    await record(session, caller, [Change("create", "key", f"{key.name}#{key.id}", None, state_of(key))])
    return KeyCreated(**key.model_dump(), key=secret)


@router.delete(
    "/{key}",
    summary="Revoke an API key",
    openapi_extra=described("Thu hồi khoá API", Permission.MANAGE_KEYS),
)
async def revoke_key(key: str, caller: KeyManager) -> Key:
    """Revoke a key at once, with the sessions that it opened."""
    digits = key.isascii() and key.isdigit() and len(key) <= _ID_DIGITS_MAX
    async with caller.database.transaction() as session:
        row = await session.row("revoke_api_key", {"id": int(key)}) if digits else None
        if row is None:
            raise NotFoundError(fault("key", key, "id of a key"))
        revoked = Key.model_validate(row)
        await record(
            session,
            caller,
            [Change("revoke", "key", f"{revoked.name}#{revoked.id}", None, state_of(revoked))],
        )
    return revoked
