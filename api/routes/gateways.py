"""Gateways and their credentials on the broker."""

from typing import Final

from fastapi import APIRouter, Request, Response

from api.auth import Caller, GatewayRetirer, Reader, Registrar
from api.changes import Change, record, record_one
from api.credentials import issue, wait_until_active
from api.database import Session
from api.errors import ConflictError
from api.idempotency import once
from api.listing import linked, load, load_one, page_of_ids
from api.paging import Page
from api.parameters import Cursor, IncludeRetired, Limit, page_size
from api.permissions import Permission, described
from api.references import Kind, find, find_in_use
from api.retirement import retire_sensors
from api.schemas.registry import Credential, Gateway, GatewayChange, GatewayNew, GatewayRegistered

router = APIRouter(prefix="/gateways", tags=["gateways"])
_SELECT: Final = "select_gateways"


@router.get("", summary="List gateways", openapi_extra=described("Danh sách gateway", Permission.READ))
async def list_gateways(
    request: Request,
    response: Response,
    caller: Reader,
    include_retired: IncludeRetired = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Page[Gateway]:
    """List gateways with what was last heard of them."""
    async with caller.database.transaction() as session:
        ids, following = await page_of_ids(
            session,
            "select_gateway_ids",
            {"include_retired": include_retired},
            cursor,
            page_size(limit, caller),
        )
        page = Page[Gateway](items=await load(session, Gateway, _SELECT, ids), next=following)
    return linked(request, response, page)


@router.post(
    "",
    status_code=201,
    summary="Register a gateway",
    openapi_extra=described("Đăng ký gateway", Permission.REGISTER),
)
async def create_gateway(
    request: Request, response: Response, body: GatewayNew, caller: Registrar
) -> GatewayRegistered:
    """Register a gateway; its password is in this answer and nowhere else."""

    async def work(session: Session) -> GatewayRegistered:
        return await _create(session, caller, body)

    registered = await once(request, response, caller, GatewayRegistered, work)
    active = await wait_until_active(caller.database, caller.settings.credential_wait_s_max)
    return registered.model_copy(update={"credential_active": active})


async def _create(session: Session, caller: Caller, body: GatewayNew) -> GatewayRegistered:
    if await session.row("find_gateway", {"code": body.code, "id": None}) is not None:
        detail = f"code: found {body.code}, which another gateway has (perhaps a retired one)"
        raise ConflictError(detail)
    row = await session.one("insert_gateway", {**body.model_dump(), "name": body.name or body.code})
    [issued] = await issue(session, {row["id"]: body.code})
    gateway = await load_one(session, Gateway, _SELECT, row["id"])
    await record_one(session, caller, "create", Kind.GATEWAY, None, gateway)
    return GatewayRegistered(
        **gateway.model_dump(),
        gateway=issued.gateway,
        username=issued.username,
        password=issued.password,
        credential_active=False,
    )


@router.get(
    "/{gateway}", summary="Read a gateway", openapi_extra=described("Xem một gateway", Permission.READ)
)
async def read_gateway(gateway: str, caller: Reader) -> Gateway:
    """Return one gateway, also when it is retired."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.GATEWAY, gateway)
        return await load_one(session, Gateway, _SELECT, found.id)


@router.patch(
    "/{gateway}", summary="Change a gateway", openapi_extra=described("Sửa gateway", Permission.REGISTER)
)
async def change_gateway(gateway: str, body: GatewayChange, caller: Registrar) -> Gateway:
    """Change what the body names; the code stays, because it is the identity on the broker."""
    async with caller.database.transaction() as session:
        found = await find_in_use(session, Kind.GATEWAY, gateway)
        before = await load_one(session, Gateway, _SELECT, found.id)
        await session.execute(
            "update_gateway", {**before.model_dump(), **body.model_dump(exclude_unset=True)}
        )
        after = await load_one(session, Gateway, _SELECT, found.id)
        await record_one(session, caller, "change", Kind.GATEWAY, before, after)
        return after


@router.delete(
    "/{gateway}",
    summary="Retire a gateway",
    openapi_extra=described("Ngừng dùng gateway", Permission.RETIRE_GATEWAY),
)
async def retire_gateway(gateway: str, caller: GatewayRetirer) -> Gateway:
    """Retire a gateway and its sensors, and end its credential; all of it stays readable."""
    async with caller.database.transaction() as session:
        found = await find(session, Kind.GATEWAY, gateway)
        before = await load_one(session, Gateway, _SELECT, found.id)
        await retire_sensors(session, caller, gateway_id=found.id)
        await session.execute("retire_gateway", {"id": found.id})
        await session.execute("revoke_credentials", {"gateway_ids": [found.id]})
        after = await load_one(session, Gateway, _SELECT, found.id)
        if before.retired_at is None:
            await record_one(session, caller, "retire", Kind.GATEWAY, before, after)
    await caller.database.row("raise_access_wanted")
    return after


@router.post(
    "/{gateway}/credentials",
    status_code=201,
    summary="Rotate a gateway's credential",
    openapi_extra=described("Đổi mật khẩu của gateway", Permission.RETIRE_GATEWAY),
)
async def rotate_credential(
    request: Request, response: Response, gateway: str, caller: GatewayRetirer
) -> Credential:
    """Give a gateway a new password; the one before ends. The password is in this answer and nowhere else."""

    async def work(session: Session) -> Credential:
        found = await find_in_use(session, Kind.GATEWAY, gateway)
        [issued] = await issue(session, {found.id: found.code})
        await record(session, caller, [Change("rotate", "credential", found.code, None, None)])
        return Credential(
            gateway=issued.gateway,
            username=issued.username,
            password=issued.password,
            credential_active=False,
        )

    rotated = await once(request, response, caller, Credential, work)
    active = await wait_until_active(caller.database, caller.settings.credential_wait_s_max)
    return rotated.model_copy(update={"credential_active": active})
