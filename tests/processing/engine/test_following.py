"""The service: follows the queue, survives cut connections, ends when asked, and stops for no bad key."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from processing.service import Service
from processing.settings import ProcessingSettings
from tests.processing.engine.city import START, City, every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_S = 30


def eventually(true: Callable[[], bool]) -> None:
    """Wait until it holds; fail when it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def service(city: City) -> Iterator[Service]:
    settings = ProcessingSettings(threads=1, poll_s=0.2, debounce_s=0.05, claim_keys_max=64)
    running = Service(settings, city.role_settings)
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(running.run()))
    thread.start()
    yield running
    running.stop_requested.set()
    thread.join(PATIENCE_S)
    assert results == [0]


def queue_is_empty(city: City) -> bool:
    return city.owner.execute("SELECT count(*) FROM dirty_hour").fetchone() == (0,)


def a_sensor(city: City) -> int:
    return city.sensor(city.gateway("g", archive=True), city.site("s", city.area("town")))


def test_new_readings_become_values(city: City, service: Service) -> None:
    """Readings are computed without anybody asking; the service says that it is ready."""
    sensor = a_sensor(city)
    city.read(sensor, every(START, 600))
    eventually(lambda: queue_is_empty(city))
    assert len(city.facts()) == 100
    assert service.ready() == {}


def test_a_cut_connection_is_made_again(city: City, service: Service) -> None:
    """The service outlives its connection, and goes on where it was."""
    sensor = a_sensor(city)
    eventually(lambda: service.ready() == {})
    city.owner.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'nhip process' AND datname = current_database()"
    )
    city.read(sensor, every(START, 60))
    eventually(lambda: queue_is_empty(city) and len(city.facts()) == 10)


@pytest.mark.usefixtures("service")
def test_a_key_that_cannot_be_computed_holds_up_nobody(city: City) -> None:
    """The database refuses one sensor's facts for good; everybody else's are written meanwhile."""
    gateway, site = city.gateway("g", archive=True), city.site("s", city.area("town"))
    bad, good = city.sensor(gateway, site, "pm25"), city.sensor(gateway, site, "pm10")
    city.owner.execute(f"ALTER TABLE hour_fact ADD CONSTRAINT refused CHECK (sensor_id <> {bad})")
    city.read(bad, every(START, 6))
    city.read(good, every(START, 60))
    eventually(lambda: len(city.facts()) == 10)
    left = city.owner.execute("SELECT DISTINCT sensor_id FROM dirty_hour").fetchall()
    assert left == [(bad,)]
    city.owner.execute("ALTER TABLE hour_fact DROP CONSTRAINT refused")
    eventually(lambda: len(city.facts()) == 11)


def test_a_claim_is_all_or_nothing(city: City) -> None:
    """When a value cannot be written the facts of its claim are not there either, and the keys are back."""
    sensor = a_sensor(city)
    city.owner.execute("ALTER TABLE indicator_value ADD CONSTRAINT refused CHECK (period <> 'year')")
    city.read(sensor, every(START, 6))
    with pytest.raises(psycopg.errors.CheckViolation):
        city.engine.drain()
    assert city.facts() == []
    assert city.values() == []
    assert not queue_is_empty(city)


def test_the_open_hour_is_followed_by_the_clock(city: City) -> None:
    """A sensor that fell silent within the hour shows it before the hour is over."""
    sensor = a_sensor(city)
    city.owner.execute("UPDATE gateway SET archive = false")
    city.read(sensor, every(START, 2))
    city.now = START + timedelta(minutes=20)
    city.engine.drain()
    assert city.value("completeness", "sensor", sensor, "hour", START) == 1
    city.now = START + timedelta(minutes=40)
    city.engine.process_open()
    assert city.value("completeness", "sensor", sensor, "hour", START) == 0.5


def test_values_of_an_archive_that_ends_today_are_closed_by_the_clock(city: City) -> None:
    """Nobody sends any more and no hour is open, yet the day becomes final when it is over."""
    sensor = a_sensor(city)
    city.read(sensor, every(START, 6))
    city.now = START + timedelta(hours=3)
    city.engine.drain()
    day = START + timedelta(hours=17) - timedelta(days=1)
    assert city.cell("completeness", "sensor", sensor, "day", day, "provisional") == (True,)
    city.now = START + timedelta(hours=18)
    assert city.engine.process_stale() is not None
    assert city.cell("completeness", "sensor", sensor, "day", day, "provisional") == (False,)
    assert city.engine.process_stale() is None
