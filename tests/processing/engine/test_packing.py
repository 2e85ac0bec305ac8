"""Packs are a second form of rows: never stale, bit for bit the same, and enough when the rows are gone."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import numpy as np
import psycopg
import pytest

from processing.arrays import adapt
from processing.bulk import Spans, read_rows
from processing.columns import NO_INSTANT
from processing.engine import Engine
from processing.grid import to_us
from processing.loading import read_arrays
from processing.packing import horizon, pack_due, pack_some, raise_horizon, read_readings
from store import connect
from tests.processing.engine.city import START, City, every
from tests.processing.engine.test_rebuild import HOUR, everything
from tests.processing.engine.town import Town, deliver

BEHIND = to_us(START + timedelta(days=10))


@pytest.fixture
def worker(city):
    """A connection of the processing role."""
    with connect(city.role_settings, "test packer", autocommit=True) as connection:
        adapt(connection)
        yield connection


def sorted_rows(found):
    order = np.lexsort((found.ts, found.sensor_id))
    return [column[order].tobytes() for column in found]


def rows_of(found):
    return set(zip(*(column.tolist() for column in found), strict=True))


def pack_all(worker):
    hours = 0
    while (done := pack_due(worker, BEHIND)).looked_at:
        hours += done.hours
    return hours


def one_sensor(city, *, days=1):
    area = city.area("city")
    sensor = city.sensor(city.gateway("g"), city.site("s", area), "pm25", 600)
    city.read(
        sensor, [(START + timedelta(minutes=10 * k, microseconds=k), k / 10) for k in range(144 * days)]
    )
    city.engine.drain()
    return sensor, Spans(*(np.array([x]) for x in (sensor, to_us(START), to_us(START + days * 24 * HOUR))))


def valid(city):
    return city.owner.execute("SELECT count(*) FILTER (WHERE valid), count(*) FROM packed_hour").fetchone()


def test_packs_rows_and_arrays_give_the_same_readings(city: City, worker) -> None:
    """A town's four days; random spans of hours, overlapping, with and without packs; by rows alone, too."""
    town = Town(city)
    city.owner.execute("SELECT ensure_reading_partitions(%s, %s)", (START, START + 200 * HOUR))
    chance = random.Random(11)  # noqa: S311 # reproducible on purpose
    deliver(city, town.history(chance))
    city.now = START + timedelta(days=5)
    city.engine.drain()
    packed = pack_all(worker)
    assert packed == valid(city)[0] > 500
    assert pack_all(worker) == 0
    city.owner.execute("DELETE FROM packed_hour WHERE (sensor_id + extract(hour FROM hour)::int) % 3 = 0")
    city.owner.execute("UPDATE packed_hour SET valid = false WHERE extract(hour FROM hour) = 5")
    sensors = sorted(town.kinds)
    for _ in range(5):
        wanted = sorted(
            (chance.choice(sensors), chance.randrange(100), chance.randrange(1, 30)) for _ in range(9)
        )
        merged = Spans(
            np.array([s for s, _, _ in wanted]),
            to_us(START) + np.array([h for _, h, _ in wanted]) * 3_600_000_000,
            to_us(START) + np.array([h + n for _, h, n in wanted]) * 3_600_000_000,
        )
        distinct = set(zip(*(column.tolist() for column in read_rows(worker, merged)), strict=True))
        assert distinct == set(zip(*(c.tolist() for c in read_arrays(worker, merged)), strict=True))
        found = list(zip(*(column.tolist() for column in read_readings(worker, merged)), strict=True))
        assert set(found) == distinct
    before = everything(city)
    city.forget_everything()
    city.mark_everything()
    engine = Engine(worker, city.settings, lambda: to_us(city.now), read_readings)
    engine.drain()
    assert everything(city) == before


def test_a_late_reading_makes_its_pack_invalid_in_the_same_transaction(city: City, worker) -> None:
    """Only its own; then the pack is made anew. Marks of a recomputation change no pack."""
    sensor, spans = one_sensor(city)
    assert pack_all(worker) == 24
    city.owner.execute(
        "INSERT INTO dirty_hour (sensor_id, hour, readings_changed) VALUES (%s, %s, false)", (sensor, START)
    )
    assert valid(city) == (24, 24)
    late = START + timedelta(hours=3, minutes=7)
    with city.owner.transaction(force_rollback=True):
        city.read(sensor, [(late, 5.0)])
        assert valid(city) == (23, 24)
    assert valid(city) == (24, 24), "rolled back with the reading"
    city.read(sensor, [(late, 5.0)])
    assert valid(city) == (23, 24)
    assert to_us(late) in read_readings(worker, spans).ts
    assert pack_all(worker) == 1
    assert valid(city) == (24, 24)
    assert sorted_rows(read_readings(worker, spans)) == sorted_rows(read_rows(worker, spans))


def test_packs_remain_when_rows_are_dropped(city: City, worker) -> None:
    """Valid or not, and a pack that is made anew keeps what has no row any more."""
    sensor, spans = one_sensor(city)
    pack_all(worker)
    before = sorted_rows(read_rows(worker, spans))
    city.owner.execute("DELETE FROM reading")
    assert len(read_rows(worker, spans).ts) == 0
    assert sorted_rows(read_readings(worker, spans)) == before
    city.owner.execute("UPDATE packed_hour SET valid = false")
    assert sorted_rows(read_readings(worker, spans)) == before
    city.read(sensor, [(START + timedelta(minutes=5), 99.0)])
    assert pack_all(worker) == 24
    assert len(read_readings(worker, spans).ts) == 145


def test_nothing_is_packed_before_its_time(city: City, worker) -> None:
    """The horizon goes by whole hours and never back; hours after it are left."""
    one_sensor(city)
    assert horizon(worker)[0] == NO_INSTANT
    assert raise_horizon(worker, to_us(START + timedelta(minutes=150))) == to_us(START + 2 * HOUR)
    assert raise_horizon(worker, to_us(START)) == to_us(START + 2 * HOUR)
    assert pack_due(worker, to_us(START + 2 * HOUR)).hours == 2
    assert pack_due(worker, to_us(START + 2 * HOUR)).looked_at == 0


def test_hours_that_came_later_are_packed_on_request(city: City, worker) -> None:
    """An archive that is filled behind the place where packing is."""
    sensor, _ = one_sensor(city)
    pack_all(worker)
    city.read(sensor, every(START - timedelta(hours=30), 6))
    city.engine.drain()
    assert pack_all(worker) == 0
    assert pack_some(worker, horizon(worker)[0], NO_INSTANT, 0).hours == 1


def test_a_packer_waits_for_late_readings_on_their_way(city: City, worker) -> None:
    """A reading that is stored and not committed: packing gives up soon, or sees it."""
    sensor, spans = one_sensor(city)
    raise_horizon(worker, BEHIND)
    late = START + timedelta(minutes=1)
    with city.owner.transaction():
        city.read(sensor, [(late, 5.0)])
        with pytest.raises(psycopg.errors.LockNotAvailable):
            pack_due(worker, BEHIND)
    pack_all(worker)
    assert to_us(late) in read_readings(worker, spans).ts


def test_packs_are_never_stale_while_both_work(city: City, worker) -> None:
    """Late readings and packing side by side: afterwards every valid pack holds what the rows hold."""
    sensor, spans = one_sensor(city)
    raise_horizon(worker, BEHIND)

    def disturb() -> None:
        for k in range(60):
            city.read(sensor, [(START + timedelta(minutes=20 * k, seconds=30), 1.0)])

    writer = threading.Thread(target=disturb)
    writer.start()
    while writer.is_alive():
        try:
            pack_due(worker, BEHIND)
        except psycopg.errors.LockNotAvailable:
            continue
    writer.join()
    assert rows_of(read_readings(worker, spans)) == rows_of(read_rows(worker, spans))
    city.engine.drain()
    pack_all(worker)
    assert valid(city) == (24, 24)
    assert sorted_rows(read_readings(worker, spans)) == sorted_rows(read_rows(worker, spans))
