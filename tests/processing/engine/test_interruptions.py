"""Interruptions from supply states, and SAIDI, SAIFI and MAIFI from them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.processing.engine.city import START, City, every

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def feeder(city: City, area: int, code: str, customers: int | None, gateway: int) -> tuple[int, int]:
    site = city.site(code, area, "feeder", customers)
    return site, city.sensor(gateway, site, "supply_state", 60)


def naive(readings: list[tuple[datetime, float]]) -> list[tuple[datetime, datetime | None]]:
    """The plain derivation from all good readings in order."""
    found: list[tuple[datetime, datetime | None]] = []
    start = None
    for ts, value in sorted(readings):
        if value == 0 and start is None:
            start = ts
        if value == 1 and start is not None:
            found.append((start, ts))
            start = None
    return [*found, (start, None)] if start else found


def seen(city: City, sensor: int) -> list[Any]:
    return city.owner.execute(
        "SELECT started_at, ended_at FROM interruption WHERE sensor_id = %s ORDER BY 1", (sensor,)
    ).fetchall()


@pytest.mark.parametrize("seed", range(5))
def test_late_and_shuffled_states_give_the_naive_derivation(city: City, seed: int) -> None:
    """After every claim the table says what all readings so far say: split, merged, moved, vanished."""
    chance = random.Random(seed)  # noqa: S311 # reproducible on purpose
    _, sensor = feeder(city, city.area("town"), "f", 10, city.gateway("g", archive=seed % 2 == 0))
    on, readings = 1, []
    for k in range(240):
        on = 1 - on if chance.random() < 0.2 else on
        if chance.random() < 0.6:
            readings.append((START + k * 25 * MINUTE, float(on)))
    chance.shuffle(readings)
    arrived: list[tuple[datetime, float]] = []
    position = 0
    while position < len(readings):
        batch = readings[position : position + chance.choice([1, 2, 9, 40])]
        position += len(batch)
        arrived += batch
        city.read(sensor, batch)
        city.engine.drain()
        assert seen(city, sensor) == naive(arrived)


def test_silence_and_bad_readings_are_no_interruption(city: City) -> None:
    """Hours without data between two "on" are unknown; a zero from a faulty device says nothing."""
    area = city.area("town", zone="UTC")
    _, sensor = feeder(city, area, "f", 10, city.gateway("g"))
    city.read(sensor, [(START, 1.0), (START + 9 * HOUR, 1.0)])
    city.read(sensor, [(START + 2 * HOUR, 0.0)], state=2)
    city.read(sensor, [(START + 3 * HOUR, 0.0)], flag=4)
    city.engine.drain()
    assert seen(city, sensor) == []
    assert city.value("saidi", "area", area, "month", MARCH) == 0


def test_what_an_operator_wrote_stays_and_hand_entries_are_left_alone(city: City) -> None:
    """A late end moves the end only; an interruption entered by hand survives every derivation."""
    site, sensor = feeder(city, city.area("town"), "f", 10, city.gateway("g"))
    city.read(sensor, [(START, 1.0), (START + HOUR, 0.0), (START + 5 * HOUR, 1.0)])
    by_hand = START + 2 * HOUR
    city.owner.execute(
        "INSERT INTO interruption (site_id, started_at, ended_at, customers) VALUES (%s, %s, %s, 3)",
        (site, by_hand, by_hand + HOUR),
    )
    city.engine.drain()
    city.owner.execute(
        "UPDATE interruption SET note = 'storm', planned = true WHERE sensor_id = %s", (sensor,)
    )
    city.read(sensor, [(START + 3 * HOUR, 1.0)])
    city.engine.drain()
    rows = city.owner.execute(
        "SELECT sensor_id, started_at, ended_at, note, planned FROM interruption ORDER BY started_at"
    ).fetchall()
    assert rows == [
        (sensor, START + HOUR, START + 3 * HOUR, "storm", True),
        (None, by_hand, by_hand + HOUR, None, False),
    ]


def test_worked_example(city: City) -> None:
    """Two feeders of 600 and 400 customers in one ward, a third of 1,000 in another; exact figures.

    F1: 30 minutes, and 5 minutes exactly, which is momentary. F2: 61 minutes, and an hour that is excluded.
    Ward: SAIDI = (30 x 600 + 61 x 400) / 1000, SAIFI = (600 + 400) / 1000, MAIFI = 600 / 1000; the city has
    twice the customers.
    """
    top = city.area("city", zone="UTC")
    ward, other = city.area("ward", top, "UTC"), city.area("other", top, "UTC")
    gateway = city.gateway("g")
    (site1, f1), (_, f2), (_, f3) = (
        feeder(city, ward, "f1", 600, gateway),
        feeder(city, ward, "f2", 400, gateway),
        feeder(city, other, "f3", 1000, gateway),
    )
    city.now = START + 12 * HOUR

    def states(*off: tuple[float, float]) -> list[tuple[datetime, float]]:
        return [
            (START + k * MINUTE, 0.0 if any(start <= k < end for start, end in off) else 1.0)
            for k in range(700)
        ]

    city.read(f1, states((60, 90), (200, 205)))
    city.read(f2, states((100, 161), (300, 360)))
    city.read(f3, states())
    city.engine.drain()
    city.owner.execute(
        "UPDATE interruption SET excluded_reason = 'customer' WHERE sensor_id = %s AND started_at = %s",
        (f2, START + 300 * MINUTE),
    )
    city.mark(f2, START + 5 * HOUR)
    city.engine.drain()
    for period, start in (("day", START), ("month", MARCH), ("year", datetime(2026, 1, 1, tzinfo=UTC))):
        found = {
            (code, area): city.value(code, "area", area, period, start)
            for code in ("saidi", "saifi", "maifi")
            for area in (ward, other, top)
        }
        assert found == {
            ("saidi", ward): pytest.approx(42.4),
            ("saifi", ward): pytest.approx(1.0),
            ("maifi", ward): pytest.approx(0.6),
            ("saidi", other): 0,
            ("saifi", other): 0,
            ("maifi", other): 0,
            ("saidi", top): pytest.approx(21.2),
            ("saifi", top): pytest.approx(0.5),
            ("maifi", top): pytest.approx(0.3),
        }
    assert city.value("saidi", "site", site1, "month", MARCH) == 30
    n, detail, completeness = city.cell("saidi", "area", ward, "month", MARCH, "n", "detail", "completeness")
    assert n == 2
    assert detail["longest"][0] == {"site": "f2", "started_at": "2026-03-02T01:40:00+00:00", "minutes": 61.0}
    assert completeness == pytest.approx(700 / 720, abs=0.01)


def test_booked_whole_to_the_local_month_of_its_start_and_years_add_months(city: City) -> None:
    """From 31 March 23:50 to 1 April 00:20 local time: all thirty minutes are March's."""
    area = city.area("town")  # UTC+7
    _, sensor = feeder(city, area, "f", 10, city.gateway("g"))
    start = datetime(2026, 3, 31, 16, 50, tzinfo=UTC)
    city.now = datetime(2026, 5, 3, tzinfo=UTC)
    city.read(sensor, [(start - HOUR, 1.0), (start, 0.0), (start + 30 * MINUTE, 1.0)])
    later = datetime(2026, 4, 10, tzinfo=UTC)
    city.read(sensor, [(later, 0.0), (later + 10 * MINUTE, 1.0)])
    city.engine.drain()
    months = [datetime(2026, month, day, 17, tzinfo=UTC) for month, day in ((2, 28), (3, 31))]
    assert [city.value("saidi", "area", area, "month", month) for month in months] == [30, 10]
    assert city.value("saidi", "area", area, "year", datetime(2025, 12, 31, 17, tzinfo=UTC)) == 40
    assert city.cell("saidi", "area", area, "month", months[0], "provisional") == (False,)


def test_one_that_goes_on_counts_to_now_and_is_provisional(city: City) -> None:
    """It grows with the clock in the month of its start, and is settled by its end."""
    area = city.area("town", zone="UTC")
    _, sensor = feeder(city, area, "f", 10, city.gateway("g"))
    start = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    city.read(sensor, [(start - HOUR, 1.0), (start, 0.0)])
    for hours in (1, 3):
        city.now = start + hours * HOUR
        city.engine.drain()
        city.engine.process_open()
        found = city.cell("saidi", "area", area, "month", MARCH, "value", "provisional")
        assert found == (60 * hours, True)
    city.read(sensor, [(start + 2 * HOUR, 1.0)])
    city.engine.drain()
    assert city.cell("saidi", "area", area, "month", MARCH, "value", "provisional") == (120, False)


def test_no_feeder_no_value_and_no_customers_no_ratio(city: City) -> None:
    """An area without feeders has no cell; one whose feeders serve nobody has a reason instead of a value."""
    area = city.area("town", zone="UTC")
    gateway = city.gateway("g")
    air = city.sensor(gateway, city.site("s", area))
    city.read(air, every(START, 3))
    city.engine.drain()
    assert city.cell("saidi", "area", area, "month", MARCH) is None
    _, sensor = feeder(city, area, "f", None, gateway)
    city.read(sensor, every(START, 3))
    city.engine.drain()
    assert city.cell("saidi", "area", area, "month", MARCH, "value", "note") == (None, "no_customers")
