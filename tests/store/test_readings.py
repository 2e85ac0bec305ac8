"""The table of readings: its partitions, its key, what it refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

INSERT = (
    "INSERT INTO reading (sensor_id, ts, received_at, value, flag, state) VALUES (%s, %s, now(), %s, 1, 0)"
)
ENSURE = "SELECT ensure_reading_partitions(%s, %s)"
PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'reading'::regclass"


def months(timescale, count):
    """Return how many partitions are made for some months: none where TimescaleDB makes chunks itself."""
    return 0 if timescale else count


def test_partitions_are_made_on_demand_and_once(owner, timescale):
    """A span of three months makes three; asking again makes none."""
    first, last = datetime(2019, 12, 31, 23, 59, tzinfo=UTC), datetime(2020, 2, 1, tzinfo=UTC)
    assert owner.execute(ENSURE, (first, last)).fetchone() == (months(timescale, 3),)
    assert owner.execute(ENSURE, (first, last)).fetchone() == (0,)
    for moment in (first, last, datetime(2020, 1, 15, tzinfo=UTC)):
        owner.execute(INSERT, (1, moment, 1.0))
    assert owner.execute("SELECT count(*) FROM reading").fetchone() == (3,)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Ho_Chi_Minh", "America/New_York"])
def test_partitions_do_not_depend_on_the_sessions_time_zone(owner, zone):
    """The ends of a month are UTC whoever asks, so no two partitions overlap and none is missing."""
    owner.execute(f"SET TimeZone = '{zone}'".encode())
    for hour in range(0, 24 * 40, 6):
        moment = datetime(2021, 2, 25, tzinfo=UTC) + timedelta(hours=hour)
        owner.execute(ENSURE, (moment, moment))
        owner.execute(INSERT, (1, moment, 1.0))
    assert owner.execute("SELECT count(*) FROM reading").fetchone() == (160,)


def test_concurrent_callers_make_each_partition_once(owner, role_dsn, timescale):
    """Eight ingesters meet a new year at the same moment; each of them can write afterwards."""
    start = datetime(2022, 1, 1, tzinfo=UTC)

    def ingest(number):
        with psycopg.connect(role_dsn("nhip_ingest")) as connection:
            made = connection.execute(ENSURE, (start, start + timedelta(days=364))).fetchone()[0]
            connection.execute(INSERT, (number, start + timedelta(days=number * 40), 1.0))
            return made

    before = owner.execute(PARTITIONS).fetchone()[0]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(ingest, range(1, 9)))
    assert sum(made) == months(timescale, 12)
    # TimescaleDB made a chunk for each of the eight days written to.
    assert owner.execute(PARTITIONS).fetchone()[0] - before == (8 if timescale else 12)
    assert owner.execute("SELECT count(*) FROM reading").fetchone() == (8,)


def test_a_partition_has_what_the_table_has(owner, timescale):
    """Key and check constraint hold in a partition made on demand."""
    moment = datetime(2023, 5, 5, tzinfo=UTC)
    owner.execute(ENSURE, (moment, moment))
    owner.execute(INSERT, (1, moment, 1.0))
    with pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(INSERT, (1, moment, 2.0))
    if not timescale:
        owner.execute("SELECT 'reading_202305'::regclass")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(owner, value):
    """One NaN would make every mean NaN."""
    moment = datetime(2023, 5, 5, tzinfo=UTC)
    owner.execute(ENSURE, (moment, moment))
    with pytest.raises(psycopg.errors.CheckViolation):
        owner.execute(INSERT, (1, moment, value))


@pytest.mark.parametrize("value", [0.0, -0.0, 1.7976931348623157e308, 5e-324])
def test_every_finite_number_is_kept_exactly(owner, value):
    """From the smallest to the largest double."""
    moment = datetime(2023, 5, 5, tzinfo=UTC)
    owner.execute(ENSURE, (moment, moment))
    owner.execute(INSERT, (1, moment, value))
    assert owner.execute("SELECT value FROM reading").fetchone() == (value,)


def test_only_ingest_makes_partitions(role_dsn):
    """The function works with its owner's rights, so nobody else may call it."""
    for role in ("nhip_processing", "nhip_api", "nhip_grafana"):
        with (
            psycopg.connect(role_dsn(role)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SELECT public.ensure_reading_partitions(now(), now())")
