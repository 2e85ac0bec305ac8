"""Catalogues: what U4SSC and ISO ask for, and which indicator of ours gives it."""

from typing import Any

from fastapi import APIRouter

from api.auth import Reader
from api.errors import NotFoundError, fault
from api.paging import Page
from api.parameters import VERSION_PREFIX
from api.permissions import Permission, described
from api.schemas.assessment import Words
from api.schemas.catalogue import CatalogueAnswer, CatalogueEntry, CatalogueSummary
from domain.catalogue import (
    GIVEN_TITLES,
    TRUST_TITLES,
    Catalogue,
    Entry,
    Given,
    UnknownCatalogueError,
    catalogue,
    catalogue_codes,
)
from domain.indicators import SubjectKind
from domain.text import Text

router = APIRouter(prefix="/catalogues", tags=["indicators"])


@router.get(
    "",
    summary="List catalogues of indicators",
    openapi_extra=described("Danh sách bộ chỉ số quốc tế", Permission.READ),
)
async def list_catalogues(caller: Reader) -> Page[CatalogueSummary]:
    """List the international sets of indicators, and how much of each is given."""
    del caller
    sets = [CatalogueSummary(**_summary(catalogue(code))) for code in catalogue_codes()]
    return Page[CatalogueSummary](items=sets, next=None)


@router.get(
    "/{code}",
    summary="Show a catalogue of indicators",
    openapi_extra=described("Xem một bộ chỉ số quốc tế", Permission.READ),
)
async def show_catalogue(code: str, caller: Reader) -> CatalogueAnswer:
    """Show every entry of a set: its formula, what gives it here, or what is missing."""
    del caller
    try:
        found = catalogue(code)
    except UnknownCatalogueError as error:
        raise NotFoundError(fault("catalogue", code, f"one of {', '.join(catalogue_codes())}")) from error
    return CatalogueAnswer(**_summary(found), items=[_entry(one) for one in found.entries])


def _summary(found: Catalogue) -> dict[str, Any]:
    return {
        "code": found.code,
        "version": found.version,
        "valid_from": found.valid_from,
        "title": _words(found.title),
        "source": found.source,
        "notes": _words(found.notes),
        **{given.value: found.count(given) for given in Given},
    }


def _entry(entry: Entry) -> CatalogueEntry:
    return CatalogueEntry(
        code=entry.code,
        title=_words(entry.title),
        unit=entry.unit,
        formula=_words(entry.formula),
        trust=entry.trust,
        trust_title=_words(TRUST_TITLES[entry.trust]),
        source=entry.source,
        given=entry.given,
        given_title=_words(GIVEN_TITLES[entry.given]),
        indicators=list(entry.indicators),
        period=entry.period,
        subject=SubjectKind.AREA.value if entry.indicators else None,
        addresses=[
            f"{VERSION_PREFIX}/indicators/{one}/values?period={entry.period}" for one in entry.indicators
        ],
        needs=_optional(entry.needs),
        missing=_optional(entry.missing),
    )


def _words(text: Text) -> Words:
    return Words(vi=text.vi, en=text.en)


def _optional(text: Text | None) -> Words | None:
    return None if text is None else _words(text)
