"""The hot queries use the index and leave out the partitions they do not need."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from store import statement

START = datetime(2024, 1, 1, tzinfo=UTC)
SENSORS = 40
DAYS = 180


@pytest.fixture(scope="module")
def filled(dsn_of_session):
    """A database with half a year of hourly readings of forty sensors."""
    with psycopg.connect(dsn_of_session(None)) as connection:
        end = START + timedelta(days=DAYS)
        connection.execute("SELECT ensure_reading_partitions(%s, %s)", (START, end))
        connection.execute(
            "INSERT INTO reading (sensor_id, ts, received_at, value, flag, state)"
            " SELECT s, t, t, 1, 1, 0"
            " FROM generate_series(1, %s) AS s, generate_series(%s, %s, interval '1 hour') AS t",
            (SENSORS, START, end),
        )
        connection.execute(
            "INSERT INTO dirty_hour (sensor_id, hour) SELECT s, %s::timestamptz + h * interval '1 hour'"
            " FROM generate_series(1, %s) AS s, generate_series(1, 500) AS h",
            (START, SENSORS),
        )
        connection.commit()
        connection.execute("ANALYZE")
        connection.commit()
        yield connection


def nodes(plan):
    """Return every node of a plan."""
    return [plan, *(node for child in plan.get("Plans", []) for node in nodes(child))]


def explained(connection, text, **parameters):
    """Return the nodes that are run; `generic` plans would hide which partitions are left out."""
    [[[result]]] = connection.execute(
        b"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) " + text, parameters
    ).fetchall()
    connection.rollback()
    return [node for node in nodes(result["Plan"]) if node.get("Actual Loops", 0) > 0]


def reading_scans(found):
    """Return the nodes that read the table of readings, whatever its partitions are called.

    TimescaleDB puts nodes of its own above those that read a chunk.
    """
    return [
        node
        for node in found
        if node.get("Relation Name", "").startswith(("reading", "_hyper", "compress_hyper"))
        and node["Node Type"] != "Custom Scan"
    ]


def test_a_page_of_readings_reads_one_index_and_one_partition(filled):
    """`GET /readings` of a day, whatever the size of the history."""
    day = START + timedelta(days=70)
    found = explained(
        filled,
        statement("api", "select_readings"),
        sensor_id=7,
        **{"from": day, "to": day + timedelta(days=1), "after": day - timedelta(days=1), "limit": 1000},
    )
    scans = reading_scans(found)
    assert 1 <= len({node["Relation Name"] for node in scans}) <= 2
    assert all(node["Node Type"].startswith(("Index", "Bitmap")) for node in scans), scans


def test_the_engine_reads_a_sensors_span_by_index(filled):
    """Loading readings of some sensors for some hours leaves the other months alone."""
    day = START + timedelta(days=70)
    hours = [day + timedelta(hours=hour) for hour in range(3)]
    found = explained(
        filled,
        statement("processing", "select_readings"),
        sensor_ids=[1, 2, 3],
        starts=hours,
        ends=[hour + timedelta(hours=1) for hour in hours],
        first=[hours[0]],
        last=[hours[-1] + timedelta(hours=1)],
    )
    scans = reading_scans(found)
    assert 1 <= len({node["Relation Name"] for node in scans}) <= 2
    assert sum(node["Actual Rows"] * node["Actual Loops"] for node in scans) < SENSORS * 24 * 31


def test_the_newest_reading_of_a_sensor_is_one_look(filled):
    """What `readings/latest` and the dashboards do for each sensor: no scan, no sort of a month."""
    found = explained(
        filled,
        b"SELECT ts, value FROM reading WHERE sensor_id = 7 AND ts > %(after)s ORDER BY ts DESC LIMIT 1",
        after=START + timedelta(days=150),
    )
    scans = reading_scans(found)
    assert all(node["Node Type"].startswith("Index") for node in scans), scans
    assert sum(node["Actual Rows"] for node in scans) <= 2


def test_claiming_work_does_not_read_the_whole_queue(filled):
    """A hundred keys out of 20,000 are found by the queue's key."""
    found = explained(filled, statement("processing", "claim_hours"), claim_max=100)
    reads = [
        node for node in found if node.get("Relation Name") == "dirty_hour" and "Scan" in node["Node Type"]
    ]
    assert all(node["Node Type"] != "Seq Scan" for node in reads), reads
    assert max(node["Actual Rows"] for node in reads) <= 100
