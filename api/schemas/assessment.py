"""Programmes assessed, and values that are signed off."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from api.schemas.base import Answer, Body, Line, Reference
from api.schemas.measurements import Subject
from domain.periods import Period


class Words(Answer):
    """A text in both languages."""

    vi: str
    en: str


class RuleSetAnswer(Answer):
    """Rules by which targets are assessed."""

    code: str
    version: str
    kind: str
    title: Words
    source: str
    trust: str
    valid_from: date
    completeness_min: float
    notes: Words


class AssessedTarget(Answer):
    """One target, what was measured, and what the rules say.

    Attributes:
        expected: what the trajectory asks for in the year; null before it begins or without one.
        on_track: the value is where the trajectory wants it.
        progress: (value - baseline) / (target - baseline).
        performance: nearness to the target, 0 to 1.
        score: class of the performance, with rules that have classes.
        evidence: address of the value with its evidence; null when there is no value.
    """

    indicator: str
    title: Words | None
    unit: str | None
    group: str
    level: int | None
    area: str
    period: str
    period_start: datetime | None
    direction: str
    baseline: float | None
    baseline_year: int | None
    target: float
    target_max: float | None
    due_year: int
    expected: float | None
    value: float | None
    completeness: float | None
    provisional: bool | None
    signed_off: bool | None
    revision: int | None
    verdict: str
    reason: Words
    on_track: bool | None
    progress: float | None
    performance: float | None
    score: int | None
    source: str
    evidence: str | None


class Count(Answer):
    """How many targets of a group came to what."""

    group: str
    level: int | None
    targets: int
    met: int
    not_met: int
    no_evidence: int


class AssessmentAnswer(Answer):
    """A programme assessed for a year."""

    programme: str
    title: str
    document: str
    area: str
    year: int
    assessed_at: datetime
    rule_set: RuleSetAnswer
    counts: list[Count]
    items: list[AssessedTarget]


class SignOffNew(Body):
    """Which closed values are signed off: of one subject, with periods that begin in [from, to)."""

    indicator: str = Field(min_length=1, max_length=64)
    area: Reference | None = None
    site: Reference | None = None
    sensor: Reference | None = None
    period: Period
    from_: str = Field(alias="from", max_length=40)
    to: str = Field(max_length=40)
    reason: Line = Field(description="what the signature says, such as the report it stands in")


class SignOff(Answer):
    """A signature under one value."""

    id: int
    indicator: str
    subject: Subject
    period: str
    period_start: datetime
    revision: int
    value: float | None
    verdict: str | None
    reason: str
    signed_by: str
    signed_at: datetime


class SignOffs(Answer):
    """Signatures that were made."""

    items: list[SignOff]


class Proposal(Answer):
    """What a signed-off value would be by the data of today.

    Attributes:
        signed_value: the value that is signed, and stays.
        value: what it would become.
    """

    id: int
    indicator: str
    subject: Subject
    period: str
    period_start: datetime
    revision: int
    signed_value: float | None
    signed_verdict: str | None
    value: float | None
    n: int
    completeness: float | None
    verdict: str | None
    limit: float | None
    note: str | None
    method_version: str
    proposed_at: datetime
    detail: Any = None


class Acceptance(Body):
    """Why a signed-off value is revised."""

    reason: Line
