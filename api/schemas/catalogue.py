"""Catalogues of international sets of indicators."""

from datetime import date

from api.schemas.assessment import Words
from api.schemas.base import Answer
from domain.catalogue import Given
from domain.periods import Period


class CatalogueSummary(Answer):
    """A set of indicators, and how much of it the platform gives.

    Attributes:
        version: of what was typed in.
        valid_from: first day of the set itself.
        whole: number of entries that are given.
        part: number of those of which something is lacking.
        nothing: number of those that are not given.
    """

    code: str
    version: str
    valid_from: date
    title: Words
    source: str
    notes: Words
    whole: int
    part: int
    nothing: int


class CatalogueEntry(Answer):
    """One indicator of a set.

    Attributes:
        code: as the set names it.
        trust: verified, secondary or recalled: how far title and formula were confirmed.
        trust_title: the same in words.
        given: whole, part or nothing.
        given_title: the same in words.
        indicators: codes of ours that give it.
        period: over which they are looked up.
        subject: what they are looked up for; null without an indicator.
        addresses: where the values of each indicator are; add `area` for those of one area.
        needs: what must be measured or typed in first.
        missing: why it is not given, or what is lacking.
    """

    code: str
    title: Words
    unit: str
    formula: Words
    trust: str
    trust_title: Words
    source: str
    given: Given
    given_title: Words
    indicators: list[str]
    period: Period | None
    subject: str | None
    addresses: list[str]
    needs: Words | None
    missing: Words | None


class CatalogueAnswer(CatalogueSummary):
    """A set of indicators with its entries, in the order of the set."""

    items: list[CatalogueEntry]
