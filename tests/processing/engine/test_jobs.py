"""History computed again in parts gives what the queue gives, in one process or several, at once or not."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from processing.executor import InlineExecutor, Kind, open_executor
from processing.grid import to_us
from processing.jobs import Job, Mode, Setting, UnknownJobError, do_part, find_job, open_job, run_job
from processing.recomputing import Selection, count, count_cells, select_sensors
from tests.processing.engine.city import START, City
from tests.processing.engine.test_rebuild import HOUR, everything
from tests.processing.engine.town import Town, deliver

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERYTHING = Selection(datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))


@pytest.fixture
def town(city: City) -> Iterator[Town]:
    """Two days of readings, nothing computed, parts of a day."""
    made = Town(city)
    city.owner.execute("SELECT ensure_reading_partitions(%s, %s)", (START, START + 200 * HOUR))
    deliver(city, made.history(random.Random(5), days=2))  # noqa: S311 # reproducible on purpose
    city.now = START + timedelta(days=3)
    return made


def setting(city: City, job: Job) -> Setting:
    return Setting(city.role_settings, city.settings, job.id, job.mode, to_us(city.now))


def small_parts(city: City, job: Job) -> Job:
    """Cut the parts of a job by sensors and days, as a large job's are."""
    city.owner.execute(
        "WITH whole AS (DELETE FROM recompute_part WHERE job_id = %(job)s RETURNING *)"
        " INSERT INTO recompute_part (job_id, number, sensor_ids, starts_at, ends_at)"
        " SELECT job_id, row_number() OVER (ORDER BY d, min(s)), array_agg(s), d, d + interval '1 day'"
        " FROM whole, unnest(sensor_ids) s, generate_series(starts_at, ends_at, interval '1 day') d"
        " GROUP BY job_id, d, s %% 3",
        {"job": job.id},
    )
    return find_job(city.owner, job.id)


def by_queue(city: City) -> tuple[object, object, object]:
    city.engine.drain()
    found = everything(city)
    city.forget_everything()
    return found


def test_parts_computed_here_equal_the_queue(city: City, town: Town) -> None:
    """From nothing, part by part; then again, which changes nothing."""
    expected = by_queue(city)
    job = small_parts(city, open_job(city.owner, EVERYTHING, Mode.COMPUTE))
    assert job.parts > 5
    tallies = list(run_job(city.owner, setting(city, job), InlineExecutor()))
    assert everything(city) == expected
    done = find_job(city.owner, job.id)
    assert done.done == job.parts
    assert done.facts == sum(one.facts for one in tallies if one is not None) > 0
    again = open_job(city.owner, EVERYTHING, Mode.COMPUTE)
    assert again.id != job.id, "a finished job is not gone on with"
    assert again.parts > 0
    assert {
        (one.facts, one.cells) for one in run_job(city.owner, setting(city, again), InlineExecutor())
    } == {(0, 0)}
    assert find_job(city.owner, again.id).hours == len(expected[0])
    assert len(town.kinds) == len(select_sensors(city.owner, EVERYTHING))


@pytest.mark.parametrize("kind", [Kind.THREADS, Kind.PROCESSES])
def test_two_workers_equal_one(city: City, town: Town, kind: Kind) -> None:
    """Parts of the same sites and areas side by side."""
    expected = by_queue(city)
    job = small_parts(city, open_job(city.owner, EVERYTHING, Mode.COMPUTE))
    executor = open_executor(kind, 2)
    try:
        assert len(list(run_job(city.owner, setting(city, job), executor))) == job.parts
    finally:
        executor.close()
    assert everything(city) == expected
    assert len(town.kinds) > 5


def test_an_interrupted_job_goes_on_where_it_was(city: City, town: Town) -> None:
    """The caller leaves after two parts; asking for the same selection again finds the job with the rest."""
    expected = by_queue(city)
    job = small_parts(city, open_job(city.owner, EVERYTHING, Mode.COMPUTE))
    running = run_job(city.owner, setting(city, job), InlineExecutor())
    next(running)
    next(running)
    running.close()
    found = open_job(city.owner, EVERYTHING, Mode.COMPUTE)
    assert (found.id, found.done, found.parts) == (job.id, 2, job.parts)
    assert open_job(city.owner, EVERYTHING, Mode.MARK).id != job.id
    assert len(list(run_job(city.owner, setting(city, found), InlineExecutor()))) == job.parts - 2
    assert everything(city) == expected
    assert len(town.kinds) > 5


def test_a_part_is_done_once(city: City, town: Town) -> None:
    """A part that somebody else works on, or has done, is left to them; one that failed is as before."""
    city.engine.drain()
    job = open_job(city.owner, EVERYTHING, Mode.COMPUTE)
    with city.owner.transaction():
        city.owner.execute("SELECT FROM recompute_part FOR UPDATE")
        assert do_part(setting(city, job), 0) is None
    assert do_part(setting(city, job), 0) is not None
    assert do_part(setting(city, job), 0) is None
    assert len(town.kinds) > 5
    with pytest.raises(UnknownJobError):
        find_job(city.owner, 4711)


def test_marking_marks_what_a_dry_run_counts_and_changes_nothing(city: City, town: Town) -> None:
    """Hours by facts once they are computed, by readings before."""
    sensors = select_sensors(city.owner, EVERYTHING)
    hours = city.owner.execute("SELECT count(*) FROM (SELECT DISTINCT sensor_id, hour FROM dirty_hour) x")
    assert sum(found for _, found in count(city.owner, sensors, EVERYTHING)) == hours.fetchone()[0]
    city.engine.drain()
    before = everything(city)
    counted = sum(found for _, found in count(city.owner, sensors, EVERYTHING))
    assert counted == len(before[0])
    assert (
        count_cells(city.owner, sensors, EVERYTHING)
        == city.owner.execute("SELECT count(*) FROM indicator_cell").fetchone()[0]
    )
    assert city.owner.execute("SELECT count(*) FROM dirty_hour").fetchone() == (0,)
    job = open_job(city.owner, EVERYTHING, Mode.MARK)
    assert sum(one.hours for one in run_job(city.owner, setting(city, job), InlineExecutor())) == counted
    assert city.owner.execute("SELECT count(*) FROM dirty_hour WHERE NOT readings_changed").fetchone() == (
        counted,
    )
    outcomes = city.engine.drain()
    assert sum(one.facts_changed for one in outcomes) == 0
    assert sum(one.cells for one in outcomes) == 0
    assert everything(city) == before
    assert len(town.kinds) > 5


def test_a_selection_without_readings_is_a_job_without_parts(city: City, town: Town) -> None:
    job = open_job(city.owner, Selection(START - 90 * HOUR, START - 80 * HOUR), Mode.COMPUTE)
    assert job.parts == 0
    assert list(run_job(city.owner, setting(city, job), InlineExecutor())) == []
    assert len(town.kinds) > 5


def test_a_span_within_hours_takes_the_hours_that_it_touches(city: City, town: Town) -> None:
    """From 03:30 to 05:10: the hours 03, 04 and 05."""
    city.engine.drain()
    sensor = next(number for number, (kind, interval_s) in town.kinds.items() if interval_s == 1200)
    start = START + 27 * HOUR + timedelta(minutes=30)
    job = open_job(
        city.owner, Selection(start, start + timedelta(minutes=100), sensor=str(sensor)), Mode.MARK
    )
    list(run_job(city.owner, setting(city, job), InlineExecutor()))
    marked = city.owner.execute("SELECT sensor_id, hour FROM dirty_hour ORDER BY hour").fetchall()
    assert marked == [(sensor, START + (27 + k) * HOUR) for k in range(3)]
