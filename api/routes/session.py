"""Log-in of the pages: a key becomes a cookie that scripts cannot read."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request, Response

from api.auth import SESSION_COOKIE, Anybody, Caller, authenticate, settings_of
from api.changes import Change, record
from api.permissions import Permission, described
from api.schemas.operations import SessionAnswer, SessionNew
from domain.credentials import api_key_hash, api_key_prefix, new_api_key

router = APIRouter(prefix="/session", tags=["session"])


def _answer(caller: Caller) -> SessionAnswer:
    allowed = [permission.value for permission in Permission if caller.may(permission)]
    return SessionAnswer(actor=caller.actor, role=caller.role, permissions=allowed)


@router.get("", summary="Who am I", openapi_extra=described("Tôi là ai"))
async def read_session(caller: Anybody) -> SessionAnswer:
    """Return who the key or cookie belongs to, and what they may do."""
    return _answer(caller)


@router.post("", summary="Log in", openapi_extra=described("Đăng nhập"))
async def create_session(request: Request, response: Response, body: SessionNew) -> SessionAnswer:
    """Open a session with a key: an HttpOnly cookie that ends by itself."""
    caller = await authenticate(request, body.key.strip())
    secret, life = new_api_key(), timedelta(seconds=settings_of(request).session_s)
    async with caller.database.transaction() as session:
        await session.one(
            "insert_api_key",
            {
                "name": caller.actor.rpartition("#")[0],
                "role": caller.role,
                "key_prefix": api_key_prefix(secret),
                "key_hash": api_key_hash(secret),
                "session_of": int(caller.actor.rpartition("#")[2]),
                "expires_at": datetime.now(UTC) + life,
            },
        )
        await record(session, caller, [Change("log in", "session", caller.actor, None, None)])
    response.set_cookie(
        SESSION_COOKIE,
        secret,
        max_age=int(life.total_seconds()),
        path="/",
        secure=caller.settings.cookie_secure,
        httponly=True,
        samesite="strict",
    )
    response.headers["Cache-Control"] = "no-store"
    return _answer(caller)


@router.delete("", status_code=204, summary="Log out", openapi_extra=described("Đăng xuất"))
async def delete_session(request: Request, response: Response, caller: Anybody) -> None:
    """End the session of the cookie; a bearer key is not touched."""
    if (
        caller.key_id is not None
        and SESSION_COOKIE in request.cookies
        and "authorization" not in request.headers
    ):
        async with caller.database.transaction() as session:
            await session.row("revoke_api_key", {"id": caller.key_id})
            await record(session, caller, [Change("log out", "session", caller.actor, None, None)])
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
