"""Indicators of raw readings in the engine: against a naive count, and late against rebuilt."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pytest

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.text import Text
from processing import indicators
from processing.indicators.recipes import (
    AreaRule,
    Finished,
    Parameter,
    Pooled,
    ReadingsRecipe,
    SensorWindows,
    Sketch,
    WindowTerms,
)
from tests.processing.engine.city import START, City, every
from tests.processing.engine.town import Town, deliver

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR = timedelta(hours=1)
TEXT = Text("thử", "test")


def windows_above(windows: SensorWindows) -> WindowTerms:
    """Seconds above a limit and seconds known, each value held up to the maximum gap; a histogram."""
    ts = windows.ts.tolist()
    values = windows.value.tolist()
    if windows.carry_ts >= 0:
        ts, values = [windows.carry_ts, *ts], [windows.carry_value, *values]
    rows, counted = len(windows.start), {}
    sums, n = np.zeros((rows, 2)), np.zeros(rows, np.int64)
    for k, (start, end) in enumerate(zip(windows.start.tolist(), windows.end.tolist(), strict=True)):
        for i, (at, value) in enumerate(zip(ts, values, strict=True)):
            until = min([at + windows.max_gap_us, windows.until, *ts[i + 1 : i + 2]])
            held = min(end, until) - max(start, at)
            if held > 0:
                sums[k] += (held * 1e-6 * (value > windows.parameters["limit"]), held * 1e-6)
            if start <= at < end:
                n[k] += 1
                counted[k, int(value)] = counted.get((k, int(value)), 0) + 1
    keys = sorted(counted)
    sketch = Sketch(
        np.array([row for row, _ in keys], np.int64),
        np.array([bucket for _, bucket in keys], np.int64),
        np.array([counted[key] for key in keys], np.int64),
    )
    return WindowTerms(sums, sums[:, 1], (windows.end - windows.start) * 1e-6, n, sketch)


def finish(pooled: Pooled) -> Finished:
    above, known = pooled.terms.sums[:, 0], pooled.terms.sums[:, 1]
    share = np.divide(above, known, out=np.full(len(known), np.nan), where=known > 0)
    details: list[dict[str, object]] = [{} for _ in known]
    if pooled.terms.sketch is not None:
        sketch = pooled.terms.sketch
        for row, bucket, count in zip(sketch.row, sketch.bucket, sketch.count, strict=True):
            details[row][str(bucket)] = count
    return Finished(share, details)


def recipe(
    code: str, area_rule: AreaRule, periods: tuple[Period, ...] = tuple(Period), valid_share: float = 0.75
) -> ReadingsRecipe:
    indicator = Indicator(
        code, TEXT, "1", "all", Direction.LOWER, tuple(SubjectKind), periods, TEXT, TEXT, "test", "1"
    )
    limit = Parameter("limit", "ug/m3", 40.0, TEXT, 0.0, 1000.0)
    return ReadingsRecipe(
        indicator, ("pm25", "vehicle_count"), windows_above, finish, (limit,), area_rule, valid_share
    )


RECIPES = {
    "test_above": recipe("test_above", AreaRule.POOLED),
    "test_above_month": recipe("test_above_month", AreaRule.POOLED, (Period.MONTH, Period.YEAR), 0.0),
    "test_mean": recipe("test_mean", AreaRule.MEAN, valid_share=0.2),
    "test_worst": recipe("test_worst", AreaRule.HIGHEST, valid_share=0.2),
}


@pytest.fixture(autouse=True)
def _recipes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    found = MappingProxyType({**indicators.discover(), **RECIPES})
    for module in ("context",):
        monkeypatch.setattr(f"processing.{module}.discover", lambda: found)
    return


def one_sensor(city: City, interval_s: float = 600, quantity: str = "pm25") -> tuple[int, int, int]:
    area = city.area("town")
    site = city.site("s", area)
    return area, site, city.sensor(city.gateway("g"), site, quantity, interval_s)


def test_terms_of_hours_become_days_quarters_and_years_of_sensors_sites_and_areas(city: City) -> None:
    """Two hours, one of them above the limit for 20 of its 60 minutes."""
    area, site, sensor = one_sensor(city)
    city.now = START + 2 * HOUR
    city.read(sensor, [*every(START, 12, value=10), (START + timedelta(minutes=5), 50.0)])
    city.read(sensor, every(START + timedelta(minutes=61), 2, value=60.0))
    city.engine.drain()
    # Above: 0:05-0:10, 1:01-1:10 (held to the next reading at 1:10), 1:11-1:20.
    seconds = [300, 9 * 60 + 9 * 60]
    for hour in (0, 1):
        start = START + hour * HOUR
        for kind, subject in (("sensor", sensor), ("site", site), ("area", area)):
            found = city.cell("test_above", kind, subject, "hour", start, "value", "n", "completeness")
            assert found == (pytest.approx(seconds[hour] / 3600), 7 if hour == 0 else 8, 1.0)
    local_day = START - timedelta(hours=7)
    starts = {
        "day": local_day + timedelta(hours=0),
        "month": datetime(2026, 2, 28, 17, tzinfo=UTC),
        "quarter": datetime(2025, 12, 31, 17, tzinfo=UTC),
        "year": datetime(2025, 12, 31, 17, tzinfo=UTC),
    }
    for period, start in starts.items():
        for kind, subject in (("sensor", sensor), ("site", site), ("area", area)):
            found = city.cell("test_above", kind, subject, period, start, "value", "n", "detail")
            assert found == (
                pytest.approx(sum(seconds) / 7200), 15, {"10": 12, "50": 1, "60": 2}
            ), (kind, period)  # fmt: skip


def test_periods_that_are_not_listed_are_kept_and_not_published(city: City) -> None:
    _, _, sensor = one_sensor(city)
    city.read(sensor, every(START, 12, value=50))
    city.engine.drain()
    month = datetime(2026, 2, 28, 17, tzinfo=UTC)
    assert city.cell("test_above_month", "sensor", sensor, "month", month, "value") == (1.0,)
    assert city.cell("test_above_month", "sensor", sensor, "hour", START) is None
    hidden = city.owner.execute(
        "SELECT DISTINCT v.period, v.value, v.note FROM indicator_value v JOIN indicator i"
        " ON i.id = v.indicator_id WHERE i.code = 'test_above_month' AND note = 'terms' ORDER BY 1"
    ).fetchall()
    assert hidden == [("day", None, "terms"), ("hour", None, "terms")]


def test_too_little_is_not_published_and_says_so(city: City) -> None:
    """Readings for 40 of 60 minutes, the last of which holds 30 (3 intervals): not the 75 % asked for."""
    _, _, sensor = one_sensor(city)
    city.now = START + 3 * HOUR
    city.read(sensor, every(START + timedelta(minutes=0), 1, value=50) + every(START + 2 * HOUR, 6))
    city.engine.drain()
    columns = ("value", "note", "completeness", "detail")
    assert city.cell("test_above", "sensor", sensor, "hour", START, *columns) == (
        None, "incomplete", 0.5, None
    )  # fmt: skip
    assert city.cell("test_above", "sensor", sensor, "hour", START + HOUR, *columns) == (
        None, "incomplete", 0.0, None
    )  # fmt: skip


def test_calibrating_and_maintenance_are_cut_out(city: City) -> None:
    area, site, sensor = one_sensor(city)
    city.now = START + 2 * HOUR
    city.owner.execute(
        "INSERT INTO maintenance_window (site_id, starts_at, ends_at, declared_at, reason)"
        " VALUES (%s, %s, %s, %s, 'plan')",
        (site, START + timedelta(minutes=30), START + timedelta(minutes=45), START - HOUR),
    )
    city.read(sensor, every(START, 5, value=50))
    city.read(sensor, [(START + timedelta(minutes=50), 50.0)], state=1)
    city.engine.drain()
    found = city.owner.execute(
        "SELECT v.terms[2] FROM indicator_value v JOIN indicator i ON i.id = v.indicator_id WHERE"
        " i.code = 'test_above' AND period = 'hour' AND period_start = %s ORDER BY subject_kind",
        (START,),
    ).fetchall()
    assert found == [(35 * 60.0,)] * 3
    assert city.value("test_above", "area", area, "hour", START) == 1


def test_the_worst_is_named_and_the_mean_weighs_sensors_alike(city: City) -> None:
    area, site, first = one_sensor(city)
    second = city.sensor(city.gateway("g2"), site, "pm25", 1200)
    third = city.sensor(city.gateway("g3"), site, "pm25", 60)
    city.now = START + 90 * HOUR / 60
    city.read(first, [*every(START, 6, value=10), (START + timedelta(minutes=55), 50.0)])
    city.read(second, every(START, 3, 20, 99.0))
    city.read(third, [(START, 99.0)])
    city.engine.drain()
    columns = ("value", "n", "completeness", "detail")
    code = city.owner.execute("SELECT code FROM sensor WHERE id = %s", (second,)).fetchone()[0]
    for kind, subject in (("site", site), ("area", area)):
        found = city.cell("test_worst", kind, subject, "hour", START, *columns)
        assert found == (1.0, 2, pytest.approx(2 / 3), {"sensor": code})
        found = city.cell("test_mean", kind, subject, "hour", START, *columns)
        assert found == (pytest.approx((300 / 3600 + 1) / 2), 2, pytest.approx(2 / 3), None)


def set_limit(city: City, value: float | None, since: str, **scope: int) -> None:
    columns = ", ".join(scope)
    city.owner.execute(
        f"INSERT INTO indicator_parameter (indicator, name, value, valid_from, source{', ' if scope else ''}"  # noqa: S608 # the test's own words
        f"{columns}) VALUES ('test_above', 'limit', %s, %s, 'test'{', %s' * len(scope)})",
        (value, since, *scope.values()),
    )


def test_the_nearest_parameter_holds_from_its_day_on(city: City) -> None:
    """Default 40; everywhere 5; the area 100 until the 4th (local); the sensor 5 on the 5th only."""
    area, site, sensor = one_sensor(city, 3600)
    _ = city.engine  # the parameter must be known before it can be set
    set_limit(city, 5, "2020-01-01")
    set_limit(city, 100, "2026-03-02", area_id=area)
    set_limit(city, None, "2026-03-04", area_id=area)
    set_limit(city, 100, "2026-03-03", site_id=site)
    set_limit(city, None, "2026-03-04", site_id=site)
    set_limit(city, 70, "2026-03-05", sensor_id=sensor)
    city.read(sensor, every(datetime(2026, 2, 28, 17, tzinfo=UTC), 24 * 7, 60, 50.0))
    city.engine.drain()
    found = [
        city.value(
            "test_above", "sensor", sensor, "day", datetime(2026, 2, 28, 17, tzinfo=UTC) + k * 24 * HOUR
        )
        for k in range(6)
    ]
    #      1st, 2nd, 3rd, 4th, 5th, 6th of March
    assert found == [1, 0, 0, 1, 0, 0]


@pytest.mark.parametrize("seed", range(2))
def test_late_corrected_and_moved_equal_a_rebuild_bit_for_bit(city: City, seed: int) -> None:
    """Random arrival and claims; flags and calibrations that change later; a sensor that moved."""
    chance = random.Random(seed)  # noqa: S311 # reproducible on purpose
    town = Town(city)
    city.owner.execute("SELECT ensure_reading_partitions(%s, %s)", (START, START + 200 * HOUR))
    rows = town.history(chance)
    chance.shuffle(rows)
    moved = town.calibrated
    sites = [row[0] for row in city.owner.execute("SELECT id FROM site ORDER BY id").fetchall()]
    city.owner.execute(
        "INSERT INTO deployment (sensor_id, site_id, gateway_id, valid_from, valid_to)"
        " SELECT id, %(a)s, gateway_id, %(t0)s, %(t1)s FROM sensor WHERE id = %(s)s"
        " UNION ALL SELECT id, %(b)s, gateway_id, %(t1)s, NULL FROM sensor WHERE id = %(s)s",
        {"s": moved, "a": sites[0], "b": sites[1], "t0": START, "t1": START + 40.5 * HOUR},
    )
    engine = city.engine
    set_limit(city, 55, "2026-03-04", sensor_id=moved)
    position = 0
    while position < len(rows):
        size = chance.choice([7, 60, 900])
        deliver(city, rows[position : position + size])
        position += size
        city.now = START + timedelta(days=5) + HOUR * (position / len(rows)) * 6
        for _ in range(chance.randrange(3)):
            engine.process_dirty(chance.choice([20, 400])) or engine.process_closing()
    engine.drain()
    for _ in range(5):
        reflag(city, chance)
        engine.drain()
    city.owner.execute("UPDATE calibration SET scale = 1.3 WHERE sensor_id = %s", (moved,))
    for k in range(30, 50):
        city.mark(moved, START + k * HOUR)
    engine.drain()
    found = city.facts(), city.values()
    assert sum(row[0].startswith("test_") for row in found[1]) > 2000
    city.forget_everything()
    city.mark_everything()
    city.engine.drain()
    assert found[0] == city.facts()
    assert found[1] == city.values()


def reflag(city: City, chance: random.Random) -> None:
    """Condemn some readings and acquit others, in hours far apart, and mark those hours in one go."""
    with city.owner.transaction():
        rows = city.owner.execute("SELECT sensor_id, ts FROM reading ORDER BY ts, sensor_id").fetchall()
        for sensor, ts in chance.sample(rows, 12):
            hour = ts.replace(minute=0, second=0, microsecond=0)
            city.owner.execute(
                "UPDATE reading SET flag = %s WHERE sensor_id = %s AND ts >= %s AND ts < %s",
                (chance.choice([1, 4, 4]), sensor, hour, hour + HOUR),
            )
            city.mark(sensor, hour)


def test_terms_outlive_readings_that_retention_dropped(city: City) -> None:
    _, _, sensor = one_sensor(city)
    city.read(sensor, every(START, 12, value=50))
    city.engine.drain()
    before = city.values()
    city.owner.execute("DELETE FROM reading WHERE ts < %s", (START + HOUR,))
    for hour in (START, START + HOUR):
        city.mark(sensor, hour)
    city.engine.drain()
    assert city.values() == before
