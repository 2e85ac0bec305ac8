"""Programmes assessed by rule sets: every target with value, verdict, reason and evidence."""

from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query

from api.auth import Reader
from api.database import Row
from api.errors import InvalidRequestError, NotFoundError, fault
from api.instants import zone_of
from api.paging import Page
from api.parameters import VERSION_PREFIX
from api.permissions import Permission, described
from api.schemas.assessment import AssessedTarget, AssessmentAnswer, Count, RuleSetAnswer, Words
from domain.assessment import (
    DEFAULT_RULE_SET,
    Assessment,
    Goal,
    Measured,
    RuleSet,
    UnknownRuleSetError,
    assess,
    rule_set,
    rule_set_codes,
)
from domain.indicators import Direction, Verdict
from domain.text import Text

router = APIRouter(tags=["targets"])
_GIVEN: Final = (
    *("indicator", "unit", "group", "level", "area", "period", "direction", "baseline", "baseline_year"),
    *("target", "target_max", "due_year", "value", "completeness", "provisional", "revision", "source"),
)


@router.get(
    "/rule-sets", summary="List rule sets", openapi_extra=described("Danh sách bộ quy tắc", Permission.READ)
)
async def list_rule_sets(caller: Reader) -> Page[RuleSetAnswer]:
    """List the rule sets by which programmes are assessed."""
    del caller
    return Page[RuleSetAnswer](items=[_rules(rule_set(code)) for code in rule_set_codes()], next=None)


@router.get(
    "/programmes/{code}/assessment",
    summary="Assess a programme",
    openapi_extra=described("Đánh giá đề án", Permission.READ),
)
async def assess_programme(
    *,
    code: str,
    caller: Reader,
    year: Annotated[
        int | None, Query(ge=1970, le=2999, description="local year; this one when left out")
    ] = None,
    rules: Annotated[str, Query(alias="rule_set", max_length=64)] = DEFAULT_RULE_SET,
) -> AssessmentAnswer:
    """Assess every target of a programme by what was measured in a year.

    A target is assessed by the last closed period of the year; without one, or with too little evidence,
    it is not met.
    """
    try:
        chosen = rule_set(rules)
    except UnknownRuleSetError as error:
        raise InvalidRequestError(
            fault("rule_set", rules, f"one of {', '.join(rule_set_codes())}")
        ) from error
    now = datetime.now(UTC)
    async with caller.database.transaction() as session:
        programme = await session.row("select_programmes", {"after": 0, "code": code, "limit": 1})
        if programme is None:
            raise NotFoundError(fault("programme", code, "code of a programme"))
        area = await session.one("find_area", {"code": programme["area"], "id": None})
        wanted = year or now.astimezone(zone_of(area["time_zone"])).year
        rows = await session.rows(
            "select_assessed_targets", {"programme_id": programme["id"], "year": wanted}
        )
    items = [_item(row, chosen, wanted) for row in rows]
    return AssessmentAnswer(
        programme=programme["code"],
        title=programme["title"],
        document=programme["document"],
        area=programme["area"],
        year=wanted,
        assessed_at=now,
        rule_set=_rules(chosen),
        counts=_counts(items),
        items=items,
    )


def _item(row: Row, rules: RuleSet, year: int) -> AssessedTarget:
    goal = Goal(
        Direction(row["direction"]),
        row["target"],
        row["due_year"],
        row["target_max"],
        row["baseline"],
        row["baseline_year"],
        {int(key): value for key, value in row["milestones"].items()},
    )
    start = row["period_start"]
    measured = None if start is None else Measured(row["value"], row["completeness"], row["provisional"])
    found: Assessment = assess(rules, goal, measured, year)
    return AssessedTarget(
        **{name: row[name] for name in _GIVEN},
        title=None if row["title_vi"] is None else Words(vi=row["title_vi"], en=row["title_en"]),
        period_start=None if start is None else start.astimezone(zone_of(row["time_zone"])),
        signed_off=row["signed"],
        expected=found.expected,
        verdict=found.verdict,
        reason=_words(found.reason),
        on_track=found.on_track,
        progress=found.progress,
        performance=found.performance,
        score=found.score,
        evidence=None if start is None else _address(row),
    )


def _address(row: Row) -> str:
    start = row["period_start"].astimezone(UTC).isoformat().replace("+00:00", "Z")
    query = {"area": row["area"], "period": row["period"], "from": start, "limit": 1}
    return f"{VERSION_PREFIX}/indicators/{row['indicator']}/values?{urlencode(query)}"


def _counts(items: list[AssessedTarget]) -> list[Count]:
    groups: dict[tuple[str, int | None], list[str]] = {}
    for item in items:
        groups.setdefault((item.group, item.level), []).append(item.verdict)
    return [
        Count(
            group=group,
            level=level,
            targets=len(verdicts),
            met=verdicts.count(Verdict.MET),
            not_met=verdicts.count(Verdict.NOT_MET),
            no_evidence=verdicts.count(Verdict.NO_EVIDENCE),
        )
        for (group, level), verdicts in groups.items()
    ]


def _words(text: Text) -> Words:
    return Words(vi=text.vi, en=text.en)


def _rules(rules: RuleSet) -> RuleSetAnswer:
    return RuleSetAnswer(
        code=rules.code,
        version=rules.version,
        kind=rules.kind,
        title=_words(rules.title),
        source=rules.source,
        trust=rules.trust,
        valid_from=rules.valid_from,
        completeness_min=rules.completeness_min,
        notes=_words(rules.notes),
    )
