"""However readings arrive and are claimed, the tables end up as if built from nothing at once."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from processing.recomputing import Selection, mark, select_sensors
from tests.processing.engine.city import START, City, every

if TYPE_CHECKING:
    from processing.engine import Engine

HOUR = timedelta(hours=1)


class Town:
    """Two wards with air stations, a feeder, and sensors of awkward intervals; a history of four days."""

    def __init__(self, city: City) -> None:
        top = city.area("city")
        wards = [city.area("one", top), city.area("two", top)]
        stations = [city.site("s1", wards[0]), city.site("s2", wards[1])]
        live, archive = city.gateway("live"), city.gateway("archive", archive=True)
        self.kinds: dict[int, tuple[str, float]] = {}
        for gateway, site in ((live, stations[0]), (archive, stations[1])):
            for quantity in ("pm25", "pm10", "o3"):
                self.kinds[city.sensor(gateway, site, quantity, 3600, 3600)] = ("hourly", 3600)
        # A second instrument for the same quantity at the first station.
        self.kinds[city.sensor(live, stations[0], "pm25", 1200)] = ("gauge", 1200)
        self.kinds[city.sensor(live, stations[1], "vehicle_count", 420)] = ("counter", 420)
        self.kinds[city.sensor(archive, stations[0], "water_level", 10800)] = ("gauge", 10800)
        feeder = city.site("f1", wards[0], "feeder", customers=120)
        self.kinds[city.sensor(live, feeder, "supply_state", 300)] = ("state", 300)
        self.calibrated = next(iter(self.kinds))
        city.owner.execute(
            "INSERT INTO calibration (sensor_id, performed_at, valid_from, valid_to, scale, value_offset)"
            " VALUES (%s, %s, %s, %s, 1.1, -2)",
            (self.calibrated, START, START + 30 * HOUR, START + 50 * HOUR),
        )

    def history(self, chance: random.Random) -> list[tuple[int, datetime, float, int, int]]:
        """Readings with gaps of hours, bad flags and states, jitter, and supply that comes and goes."""
        rows = []
        for sensor, (kind, interval_s) in self.kinds.items():
            total, on, ts, silent_until = 0.0, 1.0, START, START
            while ts < START + 4 * 24 * HOUR:
                jitter = timedelta(seconds=0 if kind == "hourly" else chance.uniform(0, interval_s * 0.4))
                if chance.random() < 0.02:
                    silent_until = ts + chance.uniform(0.5, 12) * HOUR
                total = 0.0 if chance.random() < 0.01 else total + chance.randrange(20)
                on = 1 - on if chance.random() < 0.05 else on
                value = {"counter": total, "state": on}.get(kind, round(chance.uniform(5, 90), 1))
                flag = chance.choice([1] * 18 + [2, 3, 4])
                state = chance.choice([0] * 20 + [1, 2])
                if ts >= silent_until:
                    rows.append((sensor, ts + jitter, value, flag, state))
                ts += timedelta(seconds=interval_s)
        return rows


def deliver(city: City, rows: list[tuple[int, datetime, float, int, int]]) -> None:
    """Store rows and mark their hours, as one batch of ingest."""
    with city.owner.transaction(), city.owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO reading (sensor_id, ts, received_at, value, flag, state)"
            " VALUES (%s, %s, %s + interval '90 minutes', %s, %s, %s)",
            [(sensor, ts, ts, value, flag, state) for sensor, ts, value, flag, state in rows],
        )
        hours = {(row[0], row[1].replace(minute=0, second=0, microsecond=0)) for row in rows}
        cursor.executemany("INSERT INTO dirty_hour (sensor_id, hour) VALUES (%s, %s)", sorted(hours))


def everything(city: City) -> tuple[object, object, object]:
    """All that must not depend on the way."""
    return city.facts(), city.values(), city.interruptions()


def rebuilt(city: City) -> tuple[object, object, object]:
    """All of it, built from nothing in one claim."""
    city.forget_everything()
    city.mark_everything()
    city.engine.drain()
    return everything(city)


@pytest.mark.parametrize("seed", range(6))
def test_random_arrival_and_claims_equal_a_rebuild(city: City, seed: int) -> None:
    """Shuffled readings in batches of any size, claims of any size, the clock running on meanwhile."""
    chance = random.Random(seed)  # noqa: S311 # reproducible on purpose
    town = Town(city)
    city.owner.execute("SELECT ensure_reading_partitions(%s, %s)", (START, START + 200 * HOUR))
    rows = town.history(chance)
    if seed % 3 == 0:
        rows.sort(key=lambda row: row[1])
    else:
        chance.shuffle(rows)
    engine = city.new_engine(readings_max=chance.choice([1000, 1_000_000]))
    position = 0
    while position < len(rows):
        size = chance.choice([1, 7, 60, 900])
        deliver(city, rows[position : position + size])
        position += size
        # Readings of the future do not exist: the clock is behind the history only where the test says so.
        city.now = START + timedelta(days=5) + HOUR * (position / len(rows)) * 6
        for _ in range(chance.randrange(3)):
            engine.process_dirty(chance.choice([1, 20, 400])) or engine.process_closing()
    engine.drain()
    found = everything(city)
    assert len(found[1]) > 2000
    assert found[2] != []
    expected = rebuilt(city)
    assert found[0] == expected[0]
    assert found[1] == expected[1]
    assert found[2] == expected[2]


def test_two_engines_at_once_equal_one(city: City) -> None:
    """Claims of the same sensors and areas, worked on side by side while readings arrive."""
    chance = random.Random(7)  # noqa: S311 # reproducible on purpose
    town = Town(city)
    city.owner.execute("SELECT ensure_reading_partitions(%s, %s)", (START, START + 200 * HOUR))
    rows = town.history(chance)
    chance.shuffle(rows)
    city.now = START + timedelta(days=5)
    arrived = threading.Event()
    problems: list[BaseException] = []

    def work(engine: Engine, limit: int) -> None:
        try:
            while True:
                over = arrived.is_set()
                if engine.process_dirty(limit) is None and over:
                    return
        except BaseException as error:
            problems.append(error)
            raise

    workers = [threading.Thread(target=work, args=(city.new_engine(), limit)) for limit in (23, 61, 97)]
    for worker in workers:
        worker.start()
    for begin in range(0, len(rows), 150):
        deliver(city, rows[begin : begin + 150])
    arrived.set()
    for worker in workers:
        worker.join()
    assert problems == []
    city.engine.drain()
    found = everything(city)
    assert found == rebuilt(city)


def test_recompute_marks_what_was_selected_and_changes_nothing(city: City) -> None:
    """A dry run counts, a real one marks as many; what comes out equals what was there."""
    chance = random.Random(3)  # noqa: S311 # reproducible on purpose
    town = Town(city)
    city.owner.execute("SELECT ensure_reading_partitions(%s, %s)", (START, START + 200 * HOUR))
    deliver(city, town.history(chance))
    city.now = START + timedelta(days=5)
    city.engine.drain()
    before = everything(city)
    everywhere = Selection(datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    sensors = select_sensors(city.owner, everywhere)
    assert len(sensors) == len(town.kinds)
    counted = sum(hours for _, hours in mark(city.owner, sensors, everywhere, dry_run=True))
    assert city.owner.execute("SELECT count(*) FROM dirty_hour").fetchone() == (0,)
    marked = sum(hours for _, hours in mark(city.owner, sensors, everywhere, dry_run=False))
    assert marked == counted == len(before[0])
    outcomes = city.engine.drain()
    assert sum(one.facts_changed for one in outcomes) == 0
    assert sum(one.cells for one in outcomes) == 0
    assert everything(city) == before


@pytest.mark.parametrize(
    ("indicator", "area", "count"),
    [("vn_aqi_hour", None, 7), ("saidi", "city", 1), ("saidi", "two", 0), (None, "one", 6)],
)
def test_recompute_selects_by_indicator_and_area(
    city: City, indicator: str | None, area: str | None, count: int
) -> None:
    """Sensors that the indicator reads, in the area or below it."""
    Town(city)
    selection = Selection(START, START + HOUR, area=area, indicator=indicator)
    assert len(select_sensors(city.owner, selection)) == count


def test_facts_outlive_readings_that_retention_dropped(city: City) -> None:
    """Computing hours again whose raw readings are gone changes nothing of what was known."""
    sensor = city.sensor(city.gateway("g", archive=True), city.site("s", city.area("town")))
    city.read(sensor, every(START, 12))
    city.engine.drain()
    before = everything(city)
    city.owner.execute("DELETE FROM reading WHERE ts < %s", (START + HOUR,))
    for hour in (START, START + HOUR):
        city.mark(sensor, hour)
    city.engine.drain()
    assert everything(city) == before
