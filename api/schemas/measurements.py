"""Readings, indicators and their values."""

from datetime import datetime
from typing import Any

from api.schemas.base import Answer


class Reading(Answer):
    """One stored reading; `ts` is UTC, for an averaged value the start of its interval."""

    ts: datetime
    value: float
    flag: int
    state: int


class Readings(Answer):
    """A page of readings of one sensor."""

    sensor: str
    quantity: str
    unit: str
    items: list[Reading]
    next: str | None


class LatestReading(Answer):
    """The newest reading of one sensor, with what it means."""

    sensor: str
    title: str | None
    quantity: str
    unit: str
    site: str
    site_name: str
    area: str
    latitude: float | None
    longitude: float | None
    ts: datetime | None
    value: float | None
    flag: int | None
    state: int | None
    received_at: datetime | None


class IndicatorAnswer(Answer):
    """Definition of an indicator."""

    code: str
    title_vi: str
    title_en: str
    unit: str
    service: str
    direction: str
    subject_kinds: list[str]
    periods: list[str]
    formula_vi: str
    formula_en: str
    completeness_rule_vi: str
    completeness_rule_en: str
    source: str
    method_version: str
    updated_at: datetime


class Subject(Answer):
    """What a value speaks of."""

    kind: str
    code: str
    name: str


class IndicatorValue(Answer):
    """One value with what is needed to judge it.

    Attributes:
        value: null when it could not be computed; `note` says why.
        quality: "good", "provisional" (the period is not over or an input is open) or "insufficient".
        limit: what the verdict was judged against.
        target: the programme's target for the area, where one is set.
        signed_off: it changes only by a revision with a reason.
    """

    period_start: datetime
    period_end: datetime
    value: float | None
    unit: str
    n: int
    completeness: float | None
    quality: str
    verdict: str | None
    limit: float | None
    target: float | None
    responsible: str | None
    note: str | None
    provisional: bool
    signed_off: bool
    method_version: str
    revision: int
    computed_at: datetime
    subject: Subject
    detail: Any = None


class IndicatorValues(Answer):
    """A page of values of one indicator."""

    indicator: str
    period: str
    items: list[IndicatorValue]
    next: str | None


class IndicatorRevision(Answer):
    """A value as it was published before it changed."""

    period_start: datetime
    revision: int
    value: float | None
    n: int
    completeness: float | None
    verdict: str | None
    limit: float | None
    responsible: str | None
    note: str | None
    method_version: str
    computed_at: datetime
    superseded_at: datetime
    subject: Subject
    detail: Any = None
