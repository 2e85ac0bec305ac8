"""Indicators of raw readings again: an hour from its readings, anything longer or wider from sums."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from domain.indicators import Direction, SubjectKind
from domain.quality import COUNTING_FLAGS, DeviceState
from processing.cells import Ragged, SubjectPeriods
from processing.columns import NO_INSTANT
from processing.evidence.contents import floats, instant, integers, number, seconds_us
from processing.facts import run_facts
from processing.finishing import published_cells
from processing.grid import HOUR_US, from_us, hour_floor
from processing.hour_terms import terms_of_run
from processing.indicators.recipes import AreaRule, Pooled
from processing.loading import Calibration, calibrated
from processing.parameters import Level, Parameters, Scope, Span, last_day
from processing.spans import Extent, FactRules, Run
from processing.terms import added, rows_of, unpacked
from processing.work import Readings, Sensor, Work

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from processing.columns import Ints
    from processing.evidence.contents import Contents
    from processing.indicators.recipes import ReadingsRecipe, WindowTerms

_END_OF_TIME = np.iinfo(np.int64).max // 2


def readings_value(recipe: ReadingsRecipe, pack: Contents) -> dict[str, object]:
    """Return what comes out of a sensor's readings, of sums of hours, or of the sensors of a site or area."""
    if pack.manifest["computed_from"] == "readings":
        return _finished(recipe, pack, _hour(recipe, pack))
    if recipe.area_rule is not AreaRule.POOLED and pack.kind is not SubjectKind.SENSOR:
        return _spoken(recipe, pack)
    rows = pack.summed()
    if not rows:
        return {"value": None, "n": 0, "completeness": None}
    lists = [row["terms"] for row in rows]
    flat = np.array([one for terms in lists for one in terms], np.float64)
    terms = unpacked(Ragged(flat, np.array([len(one) for one in lists], np.int64)), integers(rows, "n"))
    return _finished(recipe, pack, added(terms, np.zeros(len(rows), np.int64), 1))


def _finished(recipe: ReadingsRecipe, pack: Contents, terms: WindowTerms) -> dict[str, object]:
    values = _parameters(recipe, pack, last_day(pack.end, pack.time_zone))
    start, end = np.array([pack.start]), np.array([pack.end])
    made = recipe.finish(Pooled(terms, pack.period, start, end, pack.time_zone, values))
    asked = terms.asked > 0
    share = np.divide(terms.present, terms.asked, out=np.full(1, np.nan), where=asked)
    cells, _ = published_cells(
        recipe,
        SubjectPeriods(np.zeros(1, np.int64), start, end),
        (made.value, terms.n, np.minimum(share, 1.0)),
        [None],
        (asked, np.array([any(math.isnan(one) for one in values.values())])),
    )
    return {
        "value": number(cells.value[0]),
        "n": int(cells.n[0]),
        "completeness": number(cells.completeness[0]),
        "note": None if cells.note[0] is None else str(cells.note[0]),
    }


def _parameters(recipe: ReadingsRecipe, pack: Contents, day: date) -> dict[str, float]:
    """Return name -> value of the recipe's parameters on a local day, by the engine's own rule."""
    told = pack.setting["parameters"]
    values: dict[tuple[str, str], dict[Scope, list[tuple[date, float | None]]]] = {}
    for one in told["set"]:
        scope = Scope(Level(one["level"]), one["number"])
        of_name = values.setdefault((recipe.indicator.code, one["name"]), {})
        of_name.setdefault(scope, []).append((date.fromisoformat(one["valid_from"]), one["value"]))
    scopes = [Scope(Level(level), number_) for level, number_ in told["scopes"]]
    return Parameters(values, {}).of(recipe, scopes, day)


def _hour(recipe: ReadingsRecipe, pack: Contents) -> WindowTerms:
    """Return the terms of a sensor's hour, from its readings and what was known before them."""
    work, rules = _work(pack), _rules(pack)
    run = run_facts(work, _readings(pack, work.sensor), rules)[0]
    zone = str(pack.setting["sensor"]["time_zone"])
    day = from_us(pack.start).astimezone(ZoneInfo(zone)).date()
    spans = [Span(np.arange(len(run.facts)), _parameters(recipe, pack, day))]
    asked = (recipe, zone, rules.max_gap_us(work.sensor))
    terms = terms_of_run(work, _readings(pack, work.sensor), run, asked, spans)
    return rows_of(terms, np.flatnonzero(run.facts.hour == pack.start))


def _rules(pack: Contents) -> FactRules:
    rules = pack.manifest["method"]["rules"]
    return FactRules(
        rules["liveness_intervals"],
        rules["max_gap_intervals"],
        seconds_us(rules["on_time_limit_s"]),
        instant(pack.manifest["value"]["computed_at"]),
    )


def _work(pack: Contents) -> Work:
    told, before = pack.setting["sensor"], pack.setting["before"]
    sensor = Sensor(
        id=told["id"],
        site_id=told["site_id"],
        quantity=told["quantity"],
        is_counter=told["is_counter"],
        interval_us=max(1, seconds_us(told["interval_s"])),
        averaging_us=seconds_us(told["averaging_s"]),
        archive=told["archive"],
        retired_us=None if told["retired_at"] is None else instant(told["retired_at"]),
    )
    first, last = _instant(before["first_ts"]), _instant(before["last_ts"])
    carry_ts = _instant(before["carry_ts"])
    carried = np.array([before["carry_value"] if carry_ts != NO_INSTANT else np.nan], np.float64)
    carry = calibrated(carried, np.array([carry_ts]), _calibrations(pack))
    calibrating = _instant(before["carry_calibrating_ts"])
    # As if facts were stored on both sides of the hour, so that the run is the hour alone.
    extent = Extent(min(hour_floor(first), pack.start), first, pack.start + HOUR_US, last)
    run = Run(pack.start, pack.start, carry_ts, float(carry[0]), NO_INSTANT, calibrating)
    planned = tuple((instant(one["starts_at"]), instant(one["ends_at"])) for one in pack.setting["planned"])
    return Work(sensor, extent, (run,), maintenance=planned)


def _instant(text: str | None) -> int:
    return NO_INSTANT if text is None else instant(text)


def _calibrations(pack: Contents) -> list[Calibration]:
    return [
        Calibration(
            instant(one["valid_from"]),
            _END_OF_TIME if one["valid_to"] is None else instant(one["valid_to"]),
            one["scale"],
            one["value_offset"],
        )
        for one in pack.setting["calibrations"]
    ]


def _readings(pack: Contents, sensor: Sensor) -> Readings:
    rows = pack.rows()
    ts, state = integers(rows, "ts"), integers(rows, "state")
    counting = np.isin(integers(rows, "flag"), [int(one) for one in COUNTING_FLAGS])
    return Readings(
        ts=ts,
        value=calibrated(floats(rows, "value"), ts, _calibrations(pack)),
        good=(state == DeviceState.MEASURING) & counting,
        calibrating=state == DeviceState.CALIBRATING,
        delay_us=integers(rows, "received_at") - ts - sensor.averaging_us,
    )


def _spoken(recipe: ReadingsRecipe, pack: Contents) -> dict[str, object]:
    """Return what the sensors of a site or area say together: the worst of them, or their mean."""
    rows = pack.rows()
    if not rows:
        return {"value": None, "n": 0, "completeness": None}
    value = floats(rows, "value")
    known = np.isfinite(value)
    order = _worst_first(recipe, rows)
    n = int(known.sum())
    joint = float(value[order[0]])
    if recipe.area_rule is AreaRule.MEAN:
        weights = np.where(known, value, 0.0)[order]
        total = np.bincount(np.zeros(len(rows), np.int64), weights=weights)[0]
        joint = float(total / n) if n else float("nan")
    return {"value": number(joint), "n": n, "completeness": n / len(rows)}


def _worst_first(recipe: ReadingsRecipe, rows: Sequence[Mapping[str, Any]]) -> Ints:
    value = floats(rows, "value")
    lower_is_worse = recipe.indicator.direction is Direction.HIGHER
    badness = np.where(np.isnan(value), np.inf, value if lower_is_worse else -value)
    # Of equals the lowest number.
    return np.lexsort((integers(rows, "subject_id"), badness))
