"""What went into a value, family by family: each gathers what `nhip verify` computes it again from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from api.errors import ConflictError
from api.packs import tables
from api.packs.parameters import in_force
from api.packs.parts import (
    Parts,
    Question,
    beginning,
    cells,
    facts,
    sensors,
    sensors_in,
    sites_of,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from api.database import Row

_READINGS_MAX: Final = 50_000
# What each longer period is added up from.
_SHORTER: Final = {"day": "hour", "month": "day", "quarter": "month", "year": "month"}
_HOUR: Final = timedelta(hours=1)
_GOOD_FLAGS: Final = (1, 2, 3)
_POOLED: Final = "pooled"
_SENSOR_COLUMNS: Final = (
    "id", "code", "quantity", "is_counter", "interval_s", "averaging_s", "archive", "retired_at", "site_id",
    "time_zone",
)  # fmt: skip


async def parts_of(question: Question) -> Parts:
    """Return what went into a value.

    Raises:
        ConflictError: its family is not known here.
        InvalidRequestError: more rows than a pack holds went in.
    """
    gather = _FAMILIES.get(question.family)
    if gather is None:
        detail = f"packs are not made of the family {question.family} of {question.wanted.indicator}"
        raise ConflictError(detail)
    parts = await gather(question)
    if question.value["provisional"]:
        parts.missing.append("provisional")
    return parts


async def _fact_sum(question: Question) -> Parts:
    wanted = question.wanted
    if question.kind == "sensor" and wanted.period in {"hour", "day"}:
        return await _sensor_facts(question)
    if question.kind == "area" and wanted.period == "hour":
        ids = await sensors_in(question)
        found = await facts(question, ids, (wanted.start, question.end))
        return Parts("facts", found, [], tables.READING_COLUMNS, sensor_ids=ids)
    return await _shorter(question)


async def _shorter(question: Question) -> Parts:
    """Return the shorter periods that a value is added up from, of the method that computed it."""
    wanted = question.wanted
    rows = await cells(question, [wanted.indicator], _SHORTER[wanted.period])
    return Parts("cells", inputs=rows, sensor_ids=_itself(question), missing=_lost(rows))


def _itself(question: Question) -> list[int]:
    return [question.wanted.subject.id] if question.kind == "sensor" else []


def _lost(rows: Sequence[Row]) -> list[str]:
    """Return what must be said of sums that are not there: those superseded before sums were kept."""
    return ["superseded_inputs"] if any(row["superseded_at"] and row["terms"] is None for row in rows) else []


async def _sensor_facts(question: Question) -> Parts:
    span = (question.wanted.start, question.end)
    found = await facts(question, _itself(question), span)
    readings, missing = await _readings_of(question, span)
    return Parts("facts", found, readings, tables.READING_COLUMNS, sensor_ids=_itself(question),
                 missing=missing)  # fmt: skip


async def _readings_of(
    question: Question, span: tuple[datetime, datetime]
) -> tuple[list[dict[str, Any]], list[str]]:
    asked = {"sensor_ids": _itself(question), "from": span[0], "to": span[1], "known": question.known}
    counted = await question.session.one("count_evidence_readings", {**asked, "limit": _READINGS_MAX + 1})
    if counted["readings"] > _READINGS_MAX:
        return [], ["readings_left_out"]
    rows = await question.session.rows("select_evidence_readings", asked)
    return [row | _use(row) for row in rows], []


def _use(row: Row) -> dict[str, Any]:
    """Return whether a reading counts as good, and why it does not."""
    if row["state"] != 0:
        return {"used": False, "why_not": f"device_state_{row['state']}"}
    if row["flag"] not in _GOOD_FLAGS:
        return {"used": False, "why_not": f"flag_{row['flag']}"}
    return {"used": True, "why_not": None}


async def _formula(question: Question) -> Parts:
    rows = await cells(question, question.reads["indicators"], question.wanted.period)
    published = [row for row in rows if row["note"] != "terms"]
    return Parts("cells", inputs=published, sensor_ids=_itself(question))


async def _history(question: Question) -> Parts:
    """Return the daily values of the year that holds the period, and of the years before it."""
    zone = question.wanted.subject.zone()
    year = question.wanted.start.astimezone(zone).year
    span = (
        datetime(year - question.reads["years_after"], 1, 1, tzinfo=zone),
        datetime(year + 1, 1, 1, tzinfo=zone),
    )
    rows = await cells(question, question.reads["indicators"], "day", span=span)
    return Parts("cells", inputs=[row for row in rows if row["note"] != "terms"])


async def _site_series(question: Question) -> Parts:
    if question.kind == "area":
        return await _stations(question)
    reads, wanted = question.reads, question.wanted
    span = (
        wanted.start - reads["hours_before"] * _HOUR,
        question.end + reads["hours_after"] * _HOUR,
    )
    found = await sensors(question, [wanted.subject.id], reads["quantities"], span)
    quantities = {row["id"]: row["quantity"] for row in found}
    ids = sorted(quantities)
    places = await question.session.rows("select_evidence_places", {"sensor_ids": ids})
    stays = [
        told(row, "sensor_id", "valid_from", "valid_to") | {"quantity": quantities[row["sensor_id"]]}
        for row in places
        if row["site_id"] == wanted.subject.id
    ]
    rows = await facts(question, ids, span)
    setting = {"stays": sorted(stays, key=lambda one: (one["quantity"], one["sensor_id"]))}
    return Parts("facts", rows, [], tables.READING_COLUMNS, sensor_ids=ids, setting=setting)


async def _stations(question: Question) -> Parts:
    """Return the values of the stations that speak for the area."""
    eligible = {row["id"] for row in await sites_of(question) if row["aqi_eligible"]}
    measuring = {row["site_id"] for row in await sensors(question, sorted(eligible),
                                                         question.reads["quantities"])}  # fmt: skip
    rows = await cells(
        question,
        [question.wanted.indicator],
        question.wanted.period,
        ("site", sorted(eligible & measuring)),
        beginning(question),
    )
    return Parts("cells", inputs=rows)


async def _interruption(question: Question) -> Parts:
    if question.wanted.period in {"quarter", "year"}:
        return await _shorter(question)
    sites = await sites_of(question)
    speaking: dict[int, int] = {}
    for row in await sensors(question, [row["id"] for row in sites], question.reads["quantities"]):
        # Of several sensors of a feeder the one with the lowest number speaks.
        speaking[row["site_id"]] = min(row["id"], speaking.get(row["site_id"], row["id"]))
    feeders = [
        {
            "site_id": row["id"],
            "site": row["code"],
            "sensor_id": speaking[row["id"]],
            "customers": row["customers"] or 0,
            "retired": row["retired_at"] is not None,
        }
        for row in sites
        if row["id"] in speaking
    ]
    known = await cells(
        question,
        [question.reads["known_by"]],
        question.wanted.period,
        ("sensor", sorted(speaking[row["site_id"]] for row in feeders)),
        beginning(question),
    )
    span = {"from": question.wanted.start, "to": question.end}
    site_ids = [row["site_id"] for row in feeders]
    limit = {"site_ids": site_ids, "limit": _READINGS_MAX}
    events = await question.session.rows("select_evidence_interruptions", {**span, **limit})
    return Parts(
        "interruptions",
        inputs=known,
        events=events,
        sensor_ids=[row["sensor_id"] for row in feeders],
        setting={"feeders": feeders},
        missing=_changed_since(question, events),
    )


def _changed_since(question: Question, events: Sequence[Row]) -> list[str]:
    """Return what must be said of interruptions: of what was entered of them no history is kept."""
    if question.known == "infinity":
        return []
    later = any(row["updated_at"] > question.known for row in events)
    return ["interruptions_changed"] if later else []


async def _readings(question: Question) -> Parts:
    """Return the readings of a sensor's hour, or what longer periods, sites and areas are added up from."""
    wanted = question.wanted
    parameters, lost = await in_force(question)
    if question.kind == "sensor":
        parts = await (_hour_of_readings(question) if wanted.period == "hour" else _shorter(question))
    elif question.reads["area_rule"] != _POOLED or wanted.period == "hour":
        ids = await sensors_in(question, question.reads["quantities"])
        mine = ("sensor", ids)
        rows = await cells(question, [wanted.indicator], wanted.period, mine, beginning(question))
        parts = Parts("cells", inputs=rows, sensor_ids=ids, missing=_lost(rows))
    else:
        parts = await _shorter(question)
    parts.setting["parameters"] = parameters
    parts.missing += lost
    return parts


async def _hour_of_readings(question: Question) -> Parts:
    sensor_ids = _itself(question)
    span = (question.wanted.start, question.end)
    readings, missing = await _readings_of(question, span)
    asked = {"sensor_ids": sensor_ids, "from": span[0], "known": question.known}
    before = await question.session.one("select_evidence_before", asked)
    rows = await question.session.rows(
        "select_evidence_sensors",
        {"sensor_ids": sensor_ids, "site_ids": [], "from": span[0], "to": span[1], "quantities": None,
         "limit": 1},
    )  # fmt: skip
    # A reading before the hour may still hold in it, corrected by what was valid then.
    corrected = {
        "sensor_ids": sensor_ids,
        "from": min(span[0], before["carry_ts"] or span[0]),
        "to": span[1],
        "known": question.known,
    }
    calibrations = await question.session.rows("select_evidence_calibrations", corrected)
    windows = await question.session.rows("select_evidence_maintenance", corrected)
    setting = {
        "sensor": told(rows[0], *_SENSOR_COLUMNS),
        "before": told(before),
        "calibrations": [
            told(row, "valid_from", "valid_to", "scale", "value_offset") for row in calibrations
        ],
        "planned": [told(row, "starts_at", "ends_at") for row in windows if row["planned"]],
    }
    found = await facts(question, sensor_ids, span)
    return Parts("readings", found, readings, tables.READING_COLUMNS, sensor_ids=sensor_ids, setting=setting,
                 missing=missing)  # fmt: skip


_FAMILIES: Final[Mapping[str, Callable[[Question], Awaitable[Parts]]]] = {
    "fact_sum": _fact_sum,
    "formula": _formula,
    "site_series": _site_series,
    "interruption": _interruption,
    "readings": _readings,
    "history": _history,
}
