"""Indicators that a city defines itself: checked, appended as versions, retired; never edited."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from psycopg.types.json import Jsonb

from api.auth import Caller, Reader, TargetSetter
from api.changes import record_one
from api.database import Row, Session
from api.errors import ConflictError, InvalidRequestError, NotFoundError, fault
from api.idempotency import once
from api.permissions import Permission, described
from api.schemas.definition import Definition, DefinitionNew, DefinitionRetirement, Definitions
from domain.definition_checks import check
from domain.definitions import Definition as Checked
from domain.definitions import DefinitionError, Known
from domain.expressions import names_in, parse
from domain.indicators import SubjectKind
from domain.periods import Period

router = APIRouter(tags=["indicators"])


@router.get(
    "/definitions",
    summary="List the indicators that the city defined",
    openapi_extra=described("Danh sách chỉ số do thành phố tự định nghĩa", Permission.READ),
)
async def list_definitions(caller: Reader) -> Definitions:
    """List the newest version of each definition, retired ones included."""
    rows = await caller.database.rows("select_definition_versions", {"code": None})
    return Definitions(items=[_answer(row) for row in rows])


@router.get(
    "/definitions/{code}",
    summary="All versions of a definition",
    openapi_extra=described("Mọi phiên bản của một định nghĩa", Permission.READ),
)
async def list_versions(code: str, caller: Reader) -> Definitions:
    """List all versions of one definition, the newest first."""
    rows = await caller.database.rows("select_definition_versions", {"code": code})
    if not rows:
        raise NotFoundError(fault("code", code, "the code of a definition"))
    return Definitions(items=[_answer(row) for row in rows])


@router.post(
    "/definitions",
    status_code=201,
    summary="Define an indicator, or a new version of it",
    openapi_extra=described("Định nghĩa chỉ số mới, hoặc phiên bản mới", Permission.SET_TARGETS),
)
async def define(
    *,
    request: Request,
    response: Response,
    body: DefinitionNew,
    caller: TargetSetter,
    check_only: Annotated[bool, Query(alias="check")] = False,
) -> Definition:
    """Append a version; hours that are computed from now on follow it.

    With `check=true` it is looked at, answered with every default written out, and not stored.
    """
    if check_only:
        async with caller.database.transaction() as session:
            checked = await _checked(session, body.definition)
        response.status_code = 200
        return _answer({**_nobody(checked), "reason": body.reason})

    async def work(session: Session) -> Definition:
        return await _define(session, caller, body)

    return await once(request, response, caller, Definition, work)


@router.post(
    "/definitions/{code}/retire",
    summary="Retire a definition",
    openapi_extra=described("Ngừng tính một chỉ số tự định nghĩa", Permission.SET_TARGETS),
)
async def retire(
    request: Request, response: Response, code: str, body: DefinitionRetirement, caller: TargetSetter
) -> Definition:
    """Compute it no longer; values that exist stay. Refused while another definition reads it."""

    async def work(session: Session) -> Definition:
        return await _retire(session, caller, code, body.reason)

    return await once(request, response, caller, Definition, work)


async def _define(session: Session, caller: Caller, body: DefinitionNew) -> Definition:
    await session.row("lock_definitions")
    checked = await _checked(session, body.definition)
    await _refuse_breaking(session, checked)
    earlier = await session.rows("select_definition_versions", {"code": checked.code})
    before = _answer(earlier[0]) if earlier else None
    made = await _append(session, caller, checked.code, Jsonb(checked.body()), body.reason)
    await record_one(session, caller, "define", "definition", before, made)
    return made


async def _retire(session: Session, caller: Caller, code: str, reason: str) -> Definition:
    await session.row("lock_definitions")
    earlier = await session.rows("select_definition_versions", {"code": code})
    if not earlier or earlier[0]["body"] is None:
        raise NotFoundError(fault("code", code, "the code of a definition in force"))
    newest = await session.rows("select_definition_versions", {"code": None})
    readers = [one["code"] for one in newest if one["body"] is not None and code in _inputs(one["body"])]
    if readers:
        detail = f"code: found {code}, which {', '.join(readers)} reads; expected one that no other reads"
        raise ConflictError(detail)
    made = await _append(session, caller, code, None, reason)
    await record_one(session, caller, "retire", "definition", _answer(earlier[0]), made)
    return made


async def _append(session: Session, caller: Caller, code: str, body: Jsonb | None, reason: str) -> Definition:
    parameters = {"code": code, "body": body, "created_by": caller.actor, "reason": reason}
    return _answer(await session.one("insert_definition", parameters))


async def _refuse_breaking(session: Session, checked: Checked) -> None:
    """Refuse a version without the periods or subjects that definitions which read it speak of."""
    known = _known(await session.rows("select_known_indicators"))
    known[checked.code] = Known(checked.subject_kinds, checked.periods, defined=True, inputs=checked.inputs)
    for one in await session.rows("select_definition_versions", {"code": None}):
        if one["body"] is None or checked.code not in _inputs(one["body"]):
            continue
        try:
            check(one["body"], known)
        except DefinitionError as error:
            detail = f"definition: {one['code']} reads {checked.code} and would no longer be valid: {error}"
            raise ConflictError(detail) from error


async def _checked(session: Session, body: dict[str, Any]) -> Checked:
    try:
        return check(body, _known(await session.rows("select_known_indicators")))
    except DefinitionError as error:
        faults = (fault(f"definition.{one.field}", one.found, one.expected) for one in error.faults)
        raise InvalidRequestError(*faults) from error


def _known(rows: Iterable[Row]) -> dict[str, Known]:
    """Return what may be read; what is retired has no periods and no subjects, so nothing can read it."""
    found: dict[str, Known] = {}
    for row in rows:
        body: dict[str, Any] | None = row["body"]
        if row["defined"]:
            kinds, periods = (body["subjects"], body["periods"]) if body is not None else ((), ())
        else:
            kinds, periods = row["subject_kinds"], row["periods"]
        found[row["code"]] = Known(
            tuple(SubjectKind(one) for one in kinds),
            tuple(Period(one) for one in periods),
            row["defined"],
            _inputs(body) if body is not None else (),
        )
    return found


def _inputs(body: dict[str, Any]) -> tuple[str, ...]:
    return names_in(parse(body["formula"])) if "formula" in body else tuple(body.get("weights", ()))


def _nobody(checked: Checked) -> Row:
    return {
        "code": checked.code,
        "version": 0,
        "body": checked.body(),
        "valid_from": None,
        "created_by": None,
    }


def _answer(row: Row) -> Definition:
    return Definition(
        code=row["code"],
        version=row["version"],
        retired=row["body"] is None,
        definition=row["body"],
        valid_from=row["valid_from"],
        created_by=row["created_by"],
        reason=row["reason"],
    )
