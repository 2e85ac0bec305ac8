"""What an indicator is, and the words of its judgement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.periods import Period
    from domain.text import Text


class SubjectKind(StrEnum):
    """What an indicator value speaks of."""

    SENSOR = "sensor"
    SITE = "site"
    AREA = "area"


class Direction(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"
    RANGE = "range"
    NONE = "none"


class Verdict(StrEnum):
    """The binary judgement of Thông tư 03/2026/TT-BXD; without evidence it is `không đạt`."""

    MET = "đạt"
    NOT_MET = "không đạt"
    NO_EVIDENCE = "không đạt (thiếu minh chứng)"


@dataclass(frozen=True, slots=True)
class Indicator:
    """Definition of an indicator, without its arithmetic.

    Attributes:
        code: stable identifier, also the API's name of it.
        title: what people call it.
        unit: UCUM code of the values.
        service: a `Service`, or "all".
        direction: which way is better.
        subject_kinds: what it is computed for.
        periods: over which periods.
        formula: in words.
        completeness_rule: when a value is published.
        source: the legal or technical text it follows.
        method_version: changes whenever a published value could.
    """

    code: str
    title: Text
    unit: str
    service: str
    direction: Direction
    subject_kinds: tuple[SubjectKind, ...]
    periods: tuple[Period, ...]
    formula: Text
    completeness_rule: Text
    source: str
    method_version: str
