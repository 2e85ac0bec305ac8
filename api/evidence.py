"""Indicator values as they are answered: subjects resolved, local times, quality, targets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from api.errors import InvalidRequestError, NotFoundError, fault
from api.references import Found, Kind, find
from domain.indicators import SubjectKind
from domain.periods import DEFAULT_TIME_ZONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.database import Row, Session

_zone = cache(ZoneInfo)
# A filter chooses the first of these kinds that the indicator has: the thing itself before its parts.
_KINDS_WITHIN: Final = {
    Kind.AREA: (SubjectKind.AREA, SubjectKind.SITE, SubjectKind.SENSOR),
    Kind.SITE: (SubjectKind.SITE, SubjectKind.SENSOR),
    Kind.SENSOR: (SubjectKind.SENSOR,),
}
_MEMBERS_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which values a request speaks of.

    Attributes:
        indicator: row of the indicator.
        period: one of its periods.
        kind: kind of the subjects; None for all kinds.
        subject_ids: which of that kind; None for all.
        about: what the filter named; None without a filter.
    """

    indicator: Row
    period: str
    kind: SubjectKind | None
    subject_ids: list[int] | None
    about: Found | None

    def zone(self) -> ZoneInfo:
        """Return the zone in which a date in `from` and `to` is meant."""
        return _zone(DEFAULT_TIME_ZONE) if self.about is None else self.about.zone()

    @property
    def single(self) -> bool:
        """Say whether all values are of one subject."""
        return self.kind is not None and self.subject_ids is not None and len(self.subject_ids) == 1

    def parameters(self) -> dict[str, Any]:
        """Return what the statements ask for."""
        return {
            "indicator_id": self.indicator["id"],
            "period": self.period,
            "kind": self.kind,
            "subject_ids": self.subject_ids,
        }


async def select(
    session: Session,
    code: str,
    period: str | None,
    filters: dict[Kind, str | None],
    kind: SubjectKind | None,
) -> Selection:
    """Return which values a request speaks of.

    Args:
        session: the transaction.
        code: of the indicator.
        period: None means the indicator's first.
        filters: what the request names; at most one.
        kind: kind of subjects wanted; None leaves it to the filter.

    Raises:
        NotFoundError: the indicator or what a filter names does not exist.
        InvalidRequestError: the indicator has no such period or kind, or two filters are given.
    """
    indicator = await session.row("select_indicator", {"code": code.replace("\x00", "")})
    if indicator is None:
        codes = [row["code"] for row in await session.rows("select_indicators")]
        raise NotFoundError(
            fault("indicator", code, f"one of {', '.join(codes)}" if codes else "none: nothing computed yet")
        )
    periods: list[str] = indicator["periods"]
    chosen = periods[0] if period is None else period
    if chosen not in periods:
        raise InvalidRequestError(fault("period", chosen, f"one of {', '.join(periods)} for {code}"))
    given = [(each, reference) for each, reference in filters.items() if reference is not None]
    if len(given) > 1:
        names = " and ".join(each for each, _ in given)
        raise InvalidRequestError(fault(given[1][0], names, "at most one of area, site and sensor"))
    _refuse_kind(code, kind, indicator["subject_kinds"])
    if not given:
        return Selection(indicator, chosen, kind, None, None)
    about = await find(session, *given[0])
    within = _kind_within(about.kind, indicator, kind)
    return Selection(indicator, chosen, within, await _members(session, about, within), about)


def _refuse_kind(code: str, kind: SubjectKind | None, kinds: Sequence[str]) -> None:
    if kind is not None and kind not in kinds:
        raise InvalidRequestError(fault("kind", kind, f"one of {', '.join(kinds)} for {code}"))


def _kind_within(about: Kind, indicator: Row, kind: SubjectKind | None) -> SubjectKind:
    offered = [each for each in _KINDS_WITHIN[about] if each in indicator["subject_kinds"]]
    if kind is not None and kind in offered:
        return kind
    if kind is not None or not offered:
        kinds = ", ".join(indicator["subject_kinds"])
        raise InvalidRequestError(
            fault(about, kind or about, f"a filter for {indicator['code']}, which has values of: {kinds}")
        )
    return offered[0]


async def _members(session: Session, about: Found, within: SubjectKind) -> list[int]:
    if within.value == about.kind.value:
        return [about.id]
    everything = {"after": 0, "limit": _MEMBERS_MAX, "include_retired": True}
    if within is SubjectKind.SITE:
        rows = await session.rows("select_site_ids", {**everything, "kind": None, "area_id": about.id})
    else:
        filters = {f"{kind}_id": about.id if kind is about.kind else None for kind in Kind}
        rows = await session.rows("select_sensor_ids", {**everything, **filters, "quantity": None})
    return [row["id"] for row in rows]


@dataclass(frozen=True, slots=True)
class Subject:
    """What values speak of, with its zone."""

    kind: str
    code: str
    name: str
    zone: ZoneInfo

    def as_dict(self) -> dict[str, str]:
        """Return it for an answer."""
        return {"kind": self.kind, "code": self.code, "name": self.name}


async def subjects_of(session: Session, rows: Sequence[Row]) -> dict[tuple[str, int], Subject]:
    """Return the subjects of values by (kind, id): one query for a page."""
    ids: dict[str, set[int]] = {kind: set() for kind in SubjectKind}
    for row in rows:
        ids[row["subject_kind"]].add(row["subject_id"])
    found = await session.rows("select_subjects", {f"{kind}_ids": list(each) for kind, each in ids.items()})
    return {
        (row["kind"], row["id"]): Subject(row["kind"], row["code"], row["name"], _zone(row["time_zone"]))
        for row in found
    }


async def targets_of(session: Session, selection: Selection) -> dict[int, list[tuple[int, float]]]:
    """Return the targets of the indicator by area, each list ordered by the year in which it is due."""
    names = {"indicator": selection.indicator["code"], "period": selection.period}
    targets: dict[int, list[tuple[int, float]]] = {}
    for row in await session.rows("select_targets_of_indicator", names):
        targets.setdefault(row["area_id"], []).append((row["due_year"], row["target"]))
    return targets


def target_in(targets: Sequence[tuple[int, float]], year: int) -> float | None:
    """Return the target that holds in a year: the next one due, else the last."""
    if not targets:
        return None
    return next((target for due, target in targets if due >= year), targets[-1][1])


def quality_of(row: Row) -> str:
    """Return how good a value is, in one word."""
    if row["provisional"]:
        return "provisional"
    return "insufficient" if row["value"] is None else "good"


def item_of(
    row: Row, unit: str, subjects: dict[tuple[str, int], Subject], targets: dict[int, list[tuple[int, float]]]
) -> dict[str, Any]:
    """Return one value as it is answered."""
    subject = subjects[row["subject_kind"], row["subject_id"]]
    start = row["period_start"].astimezone(subject.zone)
    area_targets = targets.get(row["subject_id"], []) if subject.kind == SubjectKind.AREA else []
    return {
        "period_start": start,
        "period_end": row["period_end"].astimezone(subject.zone),
        "value": row["value"],
        "unit": unit,
        "n": row["n"],
        "completeness": row["completeness"],
        "quality": quality_of(row),
        "verdict": row["verdict"],
        "limit": row["limit_value"],
        "target": target_in(area_targets, start.year),
        "responsible": row["responsible"],
        "note": row["note"],
        "provisional": row["provisional"],
        "signed_off": row["signed"],
        "method_version": row["method_version"],
        "revision": row["revision"],
        "computed_at": row["computed_at"],
        "subject": subject.as_dict(),
        "detail": row["detail"],
    }


def revision_of(row: Row, subjects: dict[tuple[str, int], Subject]) -> dict[str, Any]:
    """Return one superseded value as it is answered."""
    subject = subjects[row["subject_kind"], row["subject_id"]]
    return {
        "period_start": row["period_start"].astimezone(subject.zone),
        "revision": row["revision"],
        "value": row["value"],
        "n": row["n"],
        "completeness": row["completeness"],
        "verdict": row["verdict"],
        "limit": row["limit_value"],
        "responsible": row["responsible"],
        "note": row["note"],
        "method_version": row["method_version"],
        "computed_at": row["computed_at"],
        "superseded_at": row["superseded_at"],
        "subject": subject.as_dict(),
        "detail": row["detail"],
    }
