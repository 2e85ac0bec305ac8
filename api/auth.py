"""Who is asking: bearer keys, session cookies, roles."""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from api.database import Database
from api.errors import CrossSiteError, ForbiddenError, TooManyFailuresError, UnauthenticatedError
from api.permissions import GRANTS, Permission, Role
from api.settings import ApiSettings
from api.throttle import FailureThrottle
from domain.credentials import api_key_hash

SESSION_COOKIE: Final = "nhip_session"
REQUEST_HEADER: Final = "X-Nhip-Request"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_KEY_LETTERS_MAX: Final = 200
_KEY_REFUSED: Final = "the key is not known, has expired or was revoked"

_bearer = HTTPBearer(auto_error=False, description="An API key: `Authorization: Bearer nhip_…`")
_cookie = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="Session of the pages")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and what a route needs to answer.

    Attributes:
        actor: name for the audit log.
        role: role of the key; None for somebody without one.
        key_id: id of the key or session; None without one.
        origin: address of the client.
        database: the pool.
        settings: the service's settings.
    """

    actor: str
    role: Role | None
    key_id: int | None
    origin: str
    database: Database
    settings: ApiSettings

    def may(self, permission: Permission) -> bool:
        """Say whether the caller's role includes `permission`."""
        if self.role is None:
            return permission is Permission.READ and self.settings.public_read
        return self.role in GRANTS[permission]

    def demand(self, permission: Permission) -> None:
        """Let the call go on only when the caller may do it.

        Raises:
            UnauthenticatedError: nobody in particular is asking.
            ForbiddenError: the role does not include it.
        """
        if self.may(permission):
            return
        if self.role is None:
            detail = f"to {permission.value}, send Authorization: Bearer KEY"
            raise UnauthenticatedError(detail)
        raise ForbiddenError(self.role, permission.value, sorted(GRANTS[permission]))


def database_of(request: Request) -> Database:
    """Return the pool of the application that serves `request`."""
    database = request.app.state.database
    if not isinstance(database, Database):
        raise TypeError(database)
    return database


def settings_of(request: Request) -> ApiSettings:
    """Return the settings of the application that serves `request`."""
    settings = request.app.state.settings
    if not isinstance(settings, ApiSettings):
        raise TypeError(settings)
    return settings


def _throttle_of(request: Request) -> FailureThrottle:
    throttle = request.app.state.throttle
    if not isinstance(throttle, FailureThrottle):
        raise TypeError(throttle)
    return throttle


def client_of(request: Request) -> str:
    """Return the address of the client."""
    return request.client.host if request.client else "unknown"


async def authenticate(request: Request, secret: str) -> Caller:
    """Return who holds `secret`.

    Raises:
        TooManyFailuresError: too many wrong keys came from this client.
        UnauthenticatedError: the key is unknown, expired or revoked.
    """
    client, throttle, database = client_of(request), _throttle_of(request), database_of(request)
    digest = api_key_hash(secret[:_KEY_LETTERS_MAX])
    wait_s = throttle.retry_after_s(client, digest)
    if wait_s:
        raise TooManyFailuresError(wait_s)
    found = await database.row("select_api_key", {"digest": digest})
    if found is None or not hmac.compare_digest(bytes(found["key_hash"]), digest):
        throttle.failed(client)
        # Which of unknown, expired and revoked it is, is not said to somebody without a key.
        raise UnauthenticatedError(_KEY_REFUSED)
    throttle.accepted(digest)
    if found["stale"]:
        async with database.transaction() as session:
            await session.execute("update_api_key_used", {"id": found["id"]})
    return Caller(
        actor=f"{found['name']}#{found['actor_id']}",
        role=Role(found["role"]),
        key_id=found["id"],
        origin=client,
        database=database,
        settings=settings_of(request),
    )


async def caller_of(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    cookie: Annotated[str | None, Depends(_cookie)],
) -> Caller:
    """Return who sent the request: by key, else by session cookie, else anybody.

    Raises:
        UnauthenticatedError: a key was sent that is not good.
        CrossSiteError: a change by cookie without our header.
    """
    scheme = request.headers.get("authorization")
    if bearer is not None:
        return await authenticate(request, bearer.credentials)
    if scheme is not None:
        detail = (
            f"the Authorization header must read 'Bearer KEY', found scheme {scheme.split(' ')[0][:20]!r}"
        )
        raise UnauthenticatedError(detail)
    if cookie is not None:
        return await _caller_by_cookie(request, cookie)
    return _anybody(request)


async def _caller_by_cookie(request: Request, cookie: str) -> Caller:
    safe = request.method in _SAFE_METHODS
    if not safe and request.headers.get(REQUEST_HEADER) != "1":
        raise CrossSiteError
    try:
        return await authenticate(request, cookie)
    except UnauthenticatedError:
        # An old cookie in the browser must not close the pages that everybody may read.
        if safe and settings_of(request).public_read:
            return _anybody(request)
        raise


def _anybody(request: Request) -> Caller:
    return Caller("anonymous", None, None, client_of(request), database_of(request), settings_of(request))


def requires(permission: Permission) -> Callable[[Caller], Awaitable[Caller]]:
    """Return the dependency that lets only callers with `permission` through."""

    async def check(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        caller.demand(permission)
        return caller

    return check


Anybody = Annotated[Caller, Depends(caller_of)]
Reader = Annotated[Caller, Depends(requires(Permission.READ))]
Registrar = Annotated[Caller, Depends(requires(Permission.REGISTER))]
AreaManager = Annotated[Caller, Depends(requires(Permission.MANAGE_AREAS))]
GatewayRetirer = Annotated[Caller, Depends(requires(Permission.RETIRE_GATEWAY))]
QuarantineResolver = Annotated[Caller, Depends(requires(Permission.RESOLVE_QUARANTINE))]
EvidenceDeclarer = Annotated[Caller, Depends(requires(Permission.DECLARE_EVIDENCE))]
TargetSetter = Annotated[Caller, Depends(requires(Permission.SET_TARGETS))]
Signer = Annotated[Caller, Depends(requires(Permission.SIGN_OFF))]
AuditReader = Annotated[Caller, Depends(requires(Permission.READ_AUDIT))]
KeyManager = Annotated[Caller, Depends(requires(Permission.MANAGE_KEYS))]
