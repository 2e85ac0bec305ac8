"""Evidence packs of indicator values, the same in words, and packs that were given out."""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from api.auth import Caller, Reader
from api.database import Session
from api.errors import InvalidRequestError, NotFoundError, fault
from api.instants import instant_of
from api.packs.gathering import Gathered, Wanted, gather
from api.packs.words import explanation
from api.pages.language import preferred_language
from api.parameters import Area, Sensor, Site
from api.permissions import Permission, described
from api.references import Found, Kind, find
from api.schemas.base import Answer
from domain import evidence
from domain.periods import Period

router = APIRouter(tags=["evidence"])
_LANGUAGES: Final = ("vi", "en")
_ZIP: Final = "application/zip"
_TEXT: Final = "text/plain; charset=utf-8"

Start = Annotated[str, Query(max_length=64, description="start of the period; a date is local midnight")]
AsOf = Annotated[str | None, Query(max_length=64, description="as it was published at this instant")]
Revision = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="this revision of the value")]


class IssuedPack(Answer):
    """A pack that was given out."""

    sha256: str
    indicator: str
    subject_kind: str
    subject: str
    period: str
    period_start: datetime
    revision: int
    as_of: datetime | None
    value: float | None
    issued_at: datetime
    issued_by: str


@router.get(
    "/indicators/{code}/evidence",
    response_class=Response,
    responses={200: {"content": {_ZIP: {}}, "description": "the pack"}},
    summary="Evidence pack of one value",
    openapi_extra=described("Gói bằng chứng của một giá trị", Permission.READ),
)
async def give_evidence(
    *,
    code: str,
    caller: Reader,
    period: Period,
    start: Start,
    area: Area = None,
    site: Site = None,
    sensor: Sensor = None,
    revision: Revision = None,
    as_of: AsOf = None,
) -> Response:
    """Return one file with a value, what went into it and how it was computed: `nhip verify` checks it.

    Exactly one of area, site and sensor; at most one of revision and as_of. The same evidence is the same
    file. What is given to somebody with a key is remembered: `/evidence/{sha256}` confirms it.
    """
    named = {Kind.AREA: area, Kind.SITE: site, Kind.SENSOR: sensor}
    async with caller.database.transaction() as session:
        gathered = await _gathered(session, code, named, (period, start), (revision, as_of))
        pack = await asyncio.to_thread(gathered.pack)
        digest = evidence.sha256(pack)
        if caller.role is not None:
            await session.execute("insert_evidence_pack", _issue(caller, gathered.manifest, digest))
    name = f"{digest[:16]}{evidence.SUFFIX}"
    return Response(
        pack,
        media_type=_ZIP,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Nhip-Sha256": digest,
        },
    )


@router.get(
    "/indicators/{code}/explanation",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "the explanation"}},
    summary="Why a value is what it is",
    openapi_extra=described("Vì sao có giá trị này", Permission.READ),
)
async def explain_value(
    *,
    request: Request,
    code: str,
    caller: Reader,
    period: Period,
    start: Start,
    area: Area = None,
    site: Site = None,
    sensor: Sensor = None,
    revision: Revision = None,
    as_of: AsOf = None,
    lang: Annotated[str | None, Query(max_length=8, description="vi or en; else Accept-Language")] = None,
) -> Response:
    """Return in words what went into a value, by which rule it was judged and what was left out."""
    if lang is not None and lang not in _LANGUAGES:
        raise InvalidRequestError(fault("lang", lang, "vi or en"))
    language = lang or preferred_language(request.headers.get("accept-language", ""))
    named = {Kind.AREA: area, Kind.SITE: site, Kind.SENSOR: sensor}
    async with caller.database.transaction() as session:
        gathered = await _gathered(session, code, named, (period, start), (revision, as_of))
    return Response(
        explanation(gathered.manifest, language),
        media_type=_TEXT,
        headers={"Content-Language": language, "Cache-Control": "no-store", "Vary": "Accept-Language"},
    )


@router.get(
    "/evidence/{sha256}",
    summary="Whether a pack was given out here",
    openapi_extra=described("Gói bằng chứng có được cấp từ đây không", Permission.READ),
)
async def confirm_pack(
    sha256: Annotated[str, Path(max_length=64, description="of the whole file, hexadecimal")], caller: Reader
) -> IssuedPack:
    """Return what the pack with this hash speaks of, and when it was first given out."""
    row = await caller.database.row("select_evidence_pack", {"sha256": sha256.lower().replace("\x00", "")})
    if row is None:
        raise NotFoundError(fault("sha256", sha256, "hash of a pack that was given out here"))
    return IssuedPack.model_validate(row)


async def _gathered(
    session: Session,
    code: str,
    named: dict[Kind, str | None],
    period: tuple[Period, str],
    version: tuple[int | None, str | None],
) -> Gathered:
    subject = await _subject(session, named)
    revision, as_of = version
    if revision is not None and as_of is not None:
        raise InvalidRequestError(fault("as_of", as_of, "either a revision or an instant"))
    return await gather(
        session,
        Wanted(
            code.replace("\x00", ""),
            subject,
            period[0].value,
            instant_of("start", period[1], subject.zone),
            revision,
            None if as_of is None else instant_of("as_of", as_of, subject.zone),
        ),
    )


async def _subject(session: Session, named: dict[Kind, str | None]) -> Found:
    given = [(kind, reference) for kind, reference in named.items() if reference is not None]
    if len(given) != 1:
        names = " and ".join(kind for kind, _ in given) or "none"
        raise InvalidRequestError(fault("subject", names, "exactly one of area, site and sensor"))
    return await find(session, *given[0])


def _issue(caller: Caller, manifest: dict[str, Any], digest: str) -> dict[str, Any]:
    return {
        "sha256": digest,
        "indicator": manifest["indicator"],
        "subject_kind": manifest["subject"]["kind"],
        "subject": manifest["subject"]["code"],
        "period": manifest["period"],
        "period_start": manifest["period_start"],
        "revision": manifest["value"]["revision"],
        "as_of": manifest["as_of"],
        "value": manifest["value"]["value"],
        "issued_by": caller.actor,
    }
