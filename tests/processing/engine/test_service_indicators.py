"""Completeness, timeliness, availability and the time-weighted mean of series made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from domain.indicators import SubjectKind
from domain.periods import Period
from processing.arrays import Instants
from processing.columns import HourFacts
from processing.grid import to_us
from processing.loading import fetch_columns
from processing.roll_up import recipes_for
from tests.processing.engine.city import START, City, every

HOUR = timedelta(hours=1)


def station(
    city: City, *, archive: bool = False, interval_s: float = 600, zone: str = "UTC"
) -> tuple[int, int]:
    area = city.area("town", zone=zone)
    site = city.site("site", area)
    return area, city.sensor(city.gateway("g", archive=archive), site, interval_s=interval_s)


def test_completeness_counts_slots_and_not_rows(city: City) -> None:
    """Twelve readings in three slots of six are half an hour's evidence."""
    _, sensor = station(city)
    city.read(
        sensor, [(START + timedelta(minutes=m, seconds=s), 1.0) for m in (0, 10, 20) for s in (0, 5, 9, 30)]
    )
    city.engine.drain()
    assert city.cell("completeness", "sensor", sensor, "hour", START, "value", "n") == (0.5, 12)


def test_hours_without_readings_are_evidence_of_silence(city: City) -> None:
    """Between two hours with data lie hours of zero completeness; the day adds them up."""
    _, sensor = station(city)
    city.read(sensor, every(START, 6) + every(START + 5 * HOUR, 6))
    city.now = START + 6 * HOUR + timedelta(minutes=2)
    city.engine.drain()
    hours = [city.value("completeness", "sensor", sensor, "hour", START + k * HOUR) for k in range(6)]
    assert hours == [1, 0, 0, 0, 0, 1]
    # The day so far: twelve slots of thirty-six, and the hour going on expects nothing yet.
    assert city.value("completeness", "sensor", sensor, "day", START) == pytest.approx(12 / 36)
    assert city.value("availability", "sensor", sensor, "hour", START + 2 * HOUR) == 0


def test_availability_outlasts_a_reading_by_two_intervals(city: City) -> None:
    """After the last reading at 00:50 the device counts as alive until 01:10."""
    _, sensor = station(city)
    city.read(sensor, every(START, 6))
    city.now = START + 3 * HOUR
    city.engine.drain()
    assert city.value("availability", "sensor", sensor, "hour", START) == 1
    assert city.value("availability", "sensor", sensor, "hour", START + HOUR) == pytest.approx(1 / 6)


def test_late_data_fill_a_gap_and_leave_a_revision(city: City) -> None:
    """A closed hour, its day and its area change visibly; what was published before stays readable."""
    area, sensor = station(city)
    city.read(sensor, every(START, 3) + every(START + 24 * HOUR, 6))
    city.engine.drain()
    before = city.cell("completeness", "area", area, "day", START, "value", "revision", "provisional")
    assert before == (pytest.approx(3 / 144), 1, False)
    city.read(sensor, every(START + timedelta(minutes=30), 3))
    city.engine.drain()
    assert city.cell("completeness", "sensor", sensor, "hour", START, "value", "revision") == (1, 2)
    after = city.cell("completeness", "area", area, "day", START, "value", "revision")
    assert after == (pytest.approx(6 / 144), 2)
    old = city.owner.execute(
        "SELECT r.subject_kind, r.period, r.value, r.revision FROM indicator_value_revision r"
        " JOIN indicator i ON i.id = r.indicator_id WHERE i.code = 'completeness' AND r.period_start = %s"
        " AND r.period IN ('hour', 'day') ORDER BY 1, 2",
        (START,),
    ).fetchall()
    assert old == [
        ("area", "day", pytest.approx(3 / 144), 1),
        ("area", "hour", 0.5, 1),
        ("sensor", "day", pytest.approx(3 / 144), 1),
        ("sensor", "hour", 0.5, 1),
    ]


def test_a_repeat_changes_nothing(city: City) -> None:
    """The same hours computed again leave every row as it was, its time of computation included."""
    _, sensor = station(city)
    city.read(sensor, every(START, 40))
    city.engine.drain()
    rows = "SELECT * FROM indicator_value ORDER BY 1, 2, 3, 4, 5"
    facts = "SELECT * FROM hour_fact ORDER BY 1, 2"
    before = city.owner.execute(rows).fetchall(), city.owner.execute(facts).fetchall()
    city.mark_everything()
    outcomes = city.engine.drain()
    assert sum(one.keys for one in outcomes) > 0
    assert (city.owner.execute(rows).fetchall(), city.owner.execute(facts).fetchall()) == before
    assert city.owner.execute("SELECT count(*) FROM indicator_value_revision").fetchone() == (0,)


def test_provisional_until_the_grace_is_over(city: City) -> None:
    """The hour going on is told as far as it is, and closed by the clock without any further reading."""
    area, sensor = station(city)
    city.read(sensor, every(START, 3))
    city.now = START + timedelta(minutes=30)
    city.engine.drain()
    assert city.cell("completeness", "area", area, "hour", START, "value", "provisional") == (1, True)
    city.now = START + timedelta(minutes=60, seconds=59)
    assert city.engine.drain() == []
    city.now = START + timedelta(minutes=61)
    assert city.engine.drain() != []
    for kind, subject in (("area", area), ("sensor", sensor)):
        found = city.cell("completeness", kind, subject, "hour", START, "value", "provisional", "revision")
        assert found == (0.5, False, 1)


def test_the_clock_catches_up_after_a_pause(city: City) -> None:
    """After two days without an engine every missed hour is there, and the month is still open."""
    _, sensor = station(city)
    city.read(sensor, every(START, 6))
    city.now = START + HOUR
    city.engine.drain()
    city.now = START + 48 * HOUR + timedelta(minutes=5)
    city.engine.drain()
    assert len(city.facts()) == 49
    assert city.value("completeness", "sensor", sensor, "day", START) == pytest.approx(6 / 144)
    assert city.cell("completeness", "sensor", sensor, "day", START, "provisional") == (False,)
    assert city.cell("completeness", "sensor", sensor, "month", START.replace(day=1), "provisional") == (
        True,
    )


def test_nothing_is_expected_of_an_archive_after_its_last_reading(city: City) -> None:
    """A replayed file ends where it ends; growing it extends its life."""
    _, sensor = station(city, archive=True)
    city.read(sensor, every(START, 3))
    city.engine.drain()
    assert len(city.facts()) == 1
    assert city.value("completeness", "sensor", sensor, "day", START) == 1
    city.read(sensor, every(START + 2 * HOUR, 6))
    city.engine.drain()
    assert len(city.facts()) == 3
    # The first hour has ended now, with three of its six slots empty.
    assert city.value("completeness", "sensor", sensor, "hour", START) == 0.5
    assert city.value("completeness", "sensor", sensor, "day", START) == pytest.approx(9 / 18)


def test_calibrating_and_declared_maintenance_expect_nothing_but_faults_do(city: City) -> None:
    """State 01 and a window declared beforehand leave the denominator; state 02 stays in it."""
    area, sensor = station(city)
    site = city.owner.execute("SELECT site_id FROM sensor").fetchone()[0]
    city.read(sensor, every(START, 2))
    city.read(sensor, every(START + timedelta(minutes=20), 2), state=1)
    city.read(sensor, every(START + timedelta(minutes=40), 2), state=2)
    city.read(sensor, every(START + HOUR, 3))
    for declared in (START, START + 2 * HOUR):  # the second one too late to count
        city.owner.execute(
            "INSERT INTO maintenance_window (site_id, starts_at, ends_at, declared_at, reason)"
            " VALUES (%s, %s, %s, %s, 'plan')",
            (site, declared + timedelta(minutes=90), declared + timedelta(minutes=120), declared + 1.6 * HOUR
             if declared > START else START),
        )  # fmt: skip
    city.now = START + 5 * HOUR
    city.engine.drain()
    assert city.value("completeness", "sensor", sensor, "hour", START) == 0.5
    assert city.value("completeness", "sensor", sensor, "hour", START + HOUR) == 1
    facts = {row[1]: row for row in city.facts()}
    assert facts[START][5] == 4
    assert facts[START + HOUR][5] == 3
    assert city.value("availability", "area", area, "hour", START + HOUR) == 1


def test_only_good_readings_count_and_calibrations_correct_the_past(city: City) -> None:
    """Flag 4 is left out; a calibration entered later changes the mean once its hours are marked."""
    _, sensor = station(city)
    city.read(sensor, every(START, 3, value=10.0))
    city.read(sensor, every(START + timedelta(minutes=30), 3, value=99.0), flag=4)
    city.engine.drain()
    assert city.value("time_weighted_mean", "sensor", sensor, "hour", START) == pytest.approx(10.0)
    city.owner.execute(
        "INSERT INTO calibration (sensor_id, performed_at, valid_from, scale, value_offset)"
        " VALUES (%s, %s, %s, 2, 1)",
        (sensor, START, START),
    )
    city.mark(sensor, START)
    city.engine.drain()
    assert city.value("time_weighted_mean", "sensor", sensor, "hour", START) == pytest.approx(21.0)
    assert city.owner.execute("SELECT max(value) FROM reading").fetchone() == (99.0,)


def test_a_value_holds_for_the_maximum_gap_over_hours_without_readings(city: City) -> None:
    """Three intervals of an hourly sensor: the value reaches into hours that have no reading of their own."""
    _, sensor = station(city, interval_s=3600)
    city.read(sensor, [(START, 10.0), (START + 6 * HOUR, 20.0)])
    city.now = START + 12 * HOUR
    city.engine.drain()
    means = [
        city.cell("time_weighted_mean", "sensor", sensor, "hour", START + k * HOUR, "value", "completeness")
        for k in range(7)
    ]
    assert means == [(10, 1), (10, 1), (10, 1), (None, 0), (None, 0), (None, 0), (20, 1)]


def test_timeliness_is_the_share_that_arrived_within_the_limit(city: City) -> None:
    """Three of six readings came after the five minutes."""
    area, sensor = station(city)
    city.read(sensor, every(START, 3))
    city.read(sensor, every(START + timedelta(minutes=30), 3), delay_s=301)
    city.engine.drain()
    assert city.cell("timeliness", "area", area, "hour", START, "value", "n") == (0.5, 6)


@pytest.mark.parametrize(
    ("zone", "day", "offset_h"),
    [
        ("Asia/Ho_Chi_Minh", datetime(2026, 3, 4), 7),
        ("Asia/Shanghai", datetime(2026, 3, 4), 8),
        ("Europe/Berlin", datetime(2026, 3, 4), 1),
    ],
)
def test_days_begin_at_local_midnight(city: City, zone: str, day: datetime, offset_h: int) -> None:
    """A reading one second before local midnight belongs to the day before."""
    area, sensor = station(city, archive=True, interval_s=3600, zone=zone)
    midnight = day.replace(tzinfo=UTC) - timedelta(hours=offset_h)
    city.read(sensor, [(midnight - timedelta(seconds=1), 1.0), (midnight, 2.0), (midnight + 23 * HOUR, 2.0)])
    city.engine.drain()
    assert city.value("completeness", "area", area, "day", midnight) == pytest.approx(2 / 24)
    assert city.value("completeness", "area", area, "day", midnight - timedelta(days=1)) == 1


@pytest.mark.parametrize(
    ("spring", "hours"),
    [(datetime(2026, 3, 28, 23, tzinfo=UTC), 23), (datetime(2026, 10, 24, 22, tzinfo=UTC), 25)],
)
def test_days_of_a_clock_change_have_23_or_25_hours(city: City, spring: datetime, hours: int) -> None:
    """The slots that a day expects follow the clock on the wall."""
    city.now = datetime(2027, 1, 1, tzinfo=UTC)
    _, sensor = station(city, archive=True, interval_s=3600, zone="Europe/Berlin")
    city.read(sensor, [(spring - HOUR, 1.0), *every(spring, 1), (spring + 30 * HOUR, 1.0)])
    city.engine.drain()
    found = city.cell("completeness", "sensor", sensor, "day", spring, "value", "period_end - period_start")
    assert found == (pytest.approx(1 / hours), timedelta(hours=hours))


def test_months_and_years_add_up_their_days_29_february_included(city: City) -> None:
    """Half of February 2024's days are complete; the year knows January too."""
    city.now = datetime(2026, 1, 1, tzinfo=UTC)
    area, sensor = station(city, archive=True, interval_s=21600, zone="UTC")
    days = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=k) for k in range(60)]
    city.read(
        sensor,
        [reading for k, day in enumerate(days) if k % 2 == 0 or k == 59 for reading in every(day, 4, 360)],
    )
    city.engine.drain()
    february = datetime(2024, 2, 1, tzinfo=UTC)
    # Even days of the year so far: 2, 4 … 28 February and the last one, the 29th.
    complete = sum(1 for k in range(31, 60) if k % 2 == 0 or k == 59)
    for kind, subject in (("sensor", sensor), ("area", area)):
        found = city.cell(
            "completeness", kind, subject, "month", february, "value", "period_end", "provisional"
        )
        assert found == (pytest.approx(complete / 29), datetime(2024, 3, 1, tzinfo=UTC), False)
    year = city.value("completeness", "area", area, "year", datetime(2024, 1, 1, tzinfo=UTC))
    assert year == pytest.approx((complete + 16) / 60)


def test_areas_add_up_their_sensors_and_ancestors_their_areas(city: City) -> None:
    """The ward knows its own sensors, the city all, a free zone those of its sites."""
    top = city.area("city", zone="UTC")
    one, two = city.area("one", top, "UTC"), city.area("two", top, "UTC")
    zone = city.area("zone", top, "UTC")
    gateway = city.gateway("g")
    sites = [city.site("a", one), city.site("b", two)]
    city.owner.execute("INSERT INTO site_zone VALUES (%s, %s)", (sites[1], zone))
    sensors = [city.sensor(gateway, site) for site in sites]
    city.read(sensors[0], every(START, 6))
    city.read(sensors[1], every(START, 3))
    city.now = START + 90 * HOUR / 60
    city.engine.drain()
    found = [city.value("completeness", "area", area, "hour", START) for area in (one, two, zone, top)]
    assert found == [1, 0.5, 0.5, 0.75]


def test_a_sensor_that_moved_keeps_its_past_where_it_was(city: City) -> None:
    """Hours before the move count in the old ward, hours after it in the new one."""
    top = city.area("city", zone="UTC")
    old, new = city.area("old", top, "UTC"), city.area("new", top, "UTC")
    sites = [city.site("a", old), city.site("b", new)]
    gateway = city.gateway("g")
    sensor = city.sensor(gateway, sites[1])
    moved = START + 2 * HOUR
    city.owner.execute(
        "INSERT INTO deployment (sensor_id, site_id, gateway_id, valid_from, valid_to) VALUES"
        " (%(s)s, %(a)s, %(g)s, %(t0)s, %(t1)s), (%(s)s, %(b)s, %(g)s, %(t1)s, NULL)",
        {"s": sensor, "a": sites[0], "b": sites[1], "g": gateway, "t0": START, "t1": moved},
    )
    city.read(sensor, every(START, 24))
    city.engine.drain()
    assert city.cell("completeness", "area", old, "hour", START + HOUR) == (1,)
    assert city.cell("completeness", "area", old, "hour", moved) is None
    assert city.cell("completeness", "area", new, "hour", moved) == (1,)
    assert city.cell("completeness", "area", new, "hour", START + HOUR) is None


def test_targets_judge_areas_once_the_period_is_over(city: City) -> None:
    """Met, not met, and not met for want of evidence; nothing while the period lasts."""
    area, sensor = station(city)
    programme = city._insert(
        "INSERT INTO programme (code, title, document, area_id, valid_from)"
        " VALUES ('p', 'p', 'p', %s, '2020-01-01') RETURNING id",
        (area,),
    )
    for code, goal in (("completeness", 0.9), ("availability", 0.5)):
        city.owner.execute(
            "INSERT INTO target (programme_id, indicator, area_id, period, direction, target, due_year,"
            " source) VALUES (%s, %s, %s, 'hour', 'higher', %s, 2030, 's')",
            (programme, code, area, goal),
        )
    city.read(sensor, every(START, 6) + every(START + HOUR, 2))
    city.now = START + 3 * HOUR
    city.engine.drain()
    hours = [START, START + HOUR]
    found = [
        city.cell("completeness", "area", area, "hour", hour, "verdict", "limit_value") for hour in hours
    ]
    assert found == [("đạt", 0.9), ("không đạt (thiếu minh chứng)", 0.9)]
    found = [city.cell("availability", "area", area, "hour", hour, "verdict") for hour in hours]
    assert found == [("đạt",), ("đạt",)]
    # Over, but within its grace.
    going_on = city.cell("completeness", "area", area, "hour", START + 2 * HOUR, "verdict", "provisional")
    assert going_on == (None, True)


def test_hour_cells_of_sensors_say_what_their_recipes_say(city: City) -> None:
    """The view over hour facts and the Python recipes are the same arithmetic."""
    _, sensor = station(city)
    city.read(sensor, every(START, 5) + every(START + 3 * HOUR, 2))
    city.engine.drain()
    hours = np.array([to_us(START + k * HOUR) for k in range(4)], np.int64)
    facts = HourFacts(
        *fetch_columns(city._connections[0], "select_facts_of_hours", {"hours": Instants(hours)})
    )
    recipes = [
        recipe for recipe in recipes_for(SubjectKind.SENSOR) if Period.HOUR in recipe.indicator.periods
    ]
    seen = city.owner.execute(
        "SELECT DISTINCT i.code FROM sensor_hour_cell v JOIN indicator i ON i.id = v.indicator_id"
    ).fetchall()
    assert {code for (code,) in seen} == {recipe.indicator.code for recipe in recipes}
    for recipe in recipes:
        expected = recipe.finish(*recipe.terms(facts))
        for hour, value, n in zip(facts.hour, expected, recipe.count(facts), strict=True):
            start = START + timedelta(microseconds=int(hour) - to_us(START))
            found = city.cell(recipe.indicator.code, "sensor", sensor, "hour", start, "value", "n")
            assert found == (None if np.isnan(value) else pytest.approx(value), n)
