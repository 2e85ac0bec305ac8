"""The words of an examination: what was found, how bad it is, what mends it, what was not looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.text import Text


class Severity(StrEnum):
    """How bad it is."""

    HINT = "hint"  # worth knowing; nothing is lost by it
    PROBLEM = "problem"  # will lose data, or has failed


class Part(StrEnum):
    """The part of an installation that a check looks at."""

    BROKER = "broker"
    INGESTER = "ingester"
    DATABASE = "database"
    GATEWAYS = "gateways"
    API = "api"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong.

    Attributes:
        part: of the installation.
        code: stable, for machines.
        severity: how bad it is.
        found: what was found.
        remedy: what to do about it.
    """

    part: Part
    code: str
    severity: Severity
    found: Text
    remedy: Text


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Something that was not looked at, which says nothing about whether it is well.

    Attributes:
        part: of the installation.
        subject: code of the check, or of the whole part.
        reason: why not.
    """

    part: Part
    subject: str
    reason: Text


@dataclass(slots=True)
class Report:
    """What an examination found.

    Attributes:
        findings: what is wrong.
        checked: codes of the checks that were made, by part.
        unchecked: what could not be looked at.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    checked: dict[Part, list[str]] = field(default_factory=dict[Part, list[str]])
    unchecked: list[Unchecked] = field(default_factory=list[Unchecked])

    def add(self, part: Part, check: str, findings: Iterable[Finding]) -> None:
        """Note that a check was made, and what it found."""
        self.checked.setdefault(part, []).append(check)
        self.findings += findings

    def skip(self, part: Part, subject: str, reason: Text) -> None:
        """Note that something was not looked at."""
        self.unchecked.append(Unchecked(part, subject, reason))

    @property
    def exit_code(self) -> int:
        """0: nothing or hints only; 1: a problem; 2: nothing at all could be checked."""
        if any(finding.severity is Severity.PROBLEM for finding in self.findings):
            return 1
        return 0 if self.checked else 2


def problem(part: Part, code: str, found: Text, remedy: Text) -> Finding:
    """Return something that loses data or has failed."""
    return Finding(part, code, Severity.PROBLEM, found, remedy)


def hint(part: Part, code: str, found: Text, remedy: Text) -> Finding:
    """Return something worth knowing."""
    return Finding(part, code, Severity.HINT, found, remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where normal ends. Spans in seconds, shares from 0 to 1."""

    clock_difference_s_max: float = 5.0
    disk_free_share_min: float = 0.05
    backlog_age_s_max: float = 900.0
    transaction_age_s_max: float = 900.0
    connections_share_max: float = 0.85
    locks_share_max: float = 0.8
    quarantine_rows_max: int = 100_000
    gateway_skew_s_max: float = 60.0
    gateway_silent_s_min: float = 900.0
    batch_age_s_max: float = 2.0
    dropped_messages_max: int = 0
