"""However readings arrive and are claimed, the tables end up as if built from nothing at once."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from processing.recomputing import Selection, select_sensors
from tests.processing.engine.city import START, City, every
from tests.processing.engine.town import Town, deliver

if TYPE_CHECKING:
    from processing.engine import Engine

HOUR = timedelta(hours=1)


def everything(city: City) -> tuple[object, object, object]:
    """All that must not depend on the way."""
    return city.facts(), city.values(), city.interruptions()


def rebuilt(city: City) -> tuple[object, object, object]:
    """All of it, built from nothing in one claim."""
    city.forget_everything()
    city.mark_everything()
    city.engine.drain()
    return everything(city)


@pytest.mark.parametrize("seed", range(4))
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
