"""Computing history again, part by part: some sensors and some days at a time, each part one transaction.

A part marks its hours for the running engines, or computes them itself as an engine does, from packed hours
where there are any. The transaction that does a part also says that it is done, so a job that was interrupted
goes on with the parts that are left, whoever does them and in however many processes.

Errors:
    UnknownJobError: there is no job of that number.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from processing.engine import Engine
from processing.loading import fetch_columns
from processing.packing import read_readings
from processing.recomputing import data_span, select_sensors
from store import StoreSettings, connect, statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    import psycopg
    from psycopg.rows import TupleRow

    from processing.executor import Executor
    from processing.recomputing import Selection
    from processing.settings import ProcessingSettings

# Sensors and sites lock one of 512 numbers each: neighbours of so many ids seldom wait for each other.
_SENSORS_MAX: Final = 128
_HOURS_MAX: Final = 50_000
_DAYS_MIN: Final = 1
_HOUR: Final = timedelta(hours=1)


class UnknownJobError(LookupError):
    """A job was named that does not exist."""

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        super().__init__(f"--job: found {job_id}, expected the number of a recomputation")


class Mode(StrEnum):
    """What is done with the hours."""

    MARK = "mark"
    COMPUTE = "compute"


@dataclass(frozen=True, slots=True)
class Job:
    """A recomputation and how far it is.

    Attributes:
        id: its number.
        mode: what it does.
        parts: how many parts it has.
        done: how many of them are done.
        hours: marked or computed so far.
        facts: changed so far.
        cells: values changed so far.
    """

    id: int
    mode: Mode
    parts: int
    done: int
    hours: int
    facts: int
    cells: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What one part came to; `None` where somebody else does it."""

    hours: int
    facts: int
    cells: int


@dataclass(frozen=True, slots=True)
class Setting:
    """What a worker needs beside the part's number; it can be pickled.

    Attributes:
        store: the database.
        processing: the engine's rules.
        job_id: whose parts.
        mode: what is done.
        now_us: the time that the engine goes by, microseconds UTC; None for the database's clock.
    """

    store: StoreSettings
    processing: ProcessingSettings
    job_id: int
    mode: Mode
    now_us: int | None = None


def open_job(connection: psycopg.Connection[TupleRow], selection: Selection, mode: Mode) -> Job:
    """Return the unfinished job of this selection, or a new one.

    Raises:
        UnknownSelectionError: the sensor, area or indicator does not exist.
    """
    text = json.dumps(asdict(selection), default=lambda instant: instant.isoformat(), sort_keys=True)
    found = _find(connection, job_id=None, mode=mode, selection=text)
    if found is not None:
        return found
    sensor_ids = select_sensors(connection, selection)
    with connection.transaction():
        parameters = {"mode": mode.value, "selection": text}
        row = connection.execute(statement("processing", "insert_job"), parameters).fetchone()
        if row is None:  # INSERT … RETURNING gives a row or an error
            raise LookupError
        with connection.cursor() as cursor:
            cursor.executemany(
                statement("processing", "insert_part"),
                [
                    {
                        "job_id": row[0],
                        "number": number,
                        "sensor_ids": list(sensors),
                        "starts_at": start,
                        "ends_at": end,
                    }
                    for number, (sensors, start, end) in enumerate(_parts(connection, sensor_ids, selection))
                ],
            )
    return find_job(connection, row[0])


def find_job(connection: psycopg.Connection[TupleRow], job_id: int) -> Job:
    """Return a job as it is now.

    Raises:
        UnknownJobError: there is none of that number.
    """
    found = _find(connection, job_id=job_id)
    if found is None:
        raise UnknownJobError(job_id)
    return found


def _find(
    connection: psycopg.Connection[TupleRow],
    *,
    job_id: int | None,
    mode: Mode | None = None,
    selection: str | None = None,
) -> Job | None:
    row = connection.execute(
        statement("processing", "select_job"),
        {"job_id": job_id, "mode": None if mode is None else mode.value, "selection": selection},
    ).fetchone()
    return None if row is None else Job(row[0], Mode(row[1]), *row[3:])


def _parts(
    connection: psycopg.Connection[TupleRow], sensor_ids: Sequence[int], selection: Selection
) -> Iterator[tuple[Sequence[int], datetime, datetime]]:
    """Yield sensors and span of each part, the earlier ones first: a later hour leans on those before it."""
    found = data_span(connection, sensor_ids, selection) if sensor_ids else None
    if found is None:
        return
    # From and to may lie within an hour: the hour counts.
    start, end = found[0], found[1] + _HOUR
    step = timedelta(days=max(_DAYS_MIN, _HOURS_MAX // 24 // min(len(sensor_ids), _SENSORS_MAX)))
    while start < end:
        for begin in range(0, len(sensor_ids), _SENSORS_MAX):
            yield sensor_ids[begin : begin + _SENSORS_MAX], start, min(start + step, end)
        start += step


def run_job(
    connection: psycopg.Connection[TupleRow], setting: Setting, executor: Executor
) -> Iterator[Tally | None]:
    """Do what is left of a job; yield what each part came to, None for one that somebody else does.

    Args:
        connection: in autocommit mode; the workers open their own.
        setting: says which job.
        executor: does the parts; the caller closes it.

    Raises:
        StoreUnavailableError: the database cannot be reached; the parts that are done stay done.
        psycopg.Error: as the server says.
    """
    parameters = {"job_id": setting.job_id}
    rows = connection.execute(statement("processing", "select_open_parts"), parameters).fetchall()
    yield from executor.stream(partial(do_part, setting), [row[0] for row in rows])
    connection.execute(statement("processing", "finish_job"), parameters)
    if setting.mode is Mode.MARK:
        connection.execute(statement("processing", "notify_dirty"))


def do_part(setting: Setting, number: int) -> Tally | None:
    """Do one part on a connection of its own; None when it is done already, or under way elsewhere."""
    with connect(setting.store, "nhip recompute", autocommit=True) as connection:
        if setting.mode is Mode.MARK:
            return _do(connection, setting, number, None)
        now_us = setting.now_us
        clock = None if now_us is None else lambda: now_us
        engine = Engine(connection, setting.processing, clock, read_readings)
        try:
            return _do(connection, setting, number, engine)
        finally:
            engine.close()


def _do(
    connection: psycopg.Connection[TupleRow], setting: Setting, number: int, engine: Engine | None
) -> Tally | None:
    key = {"job_id": setting.job_id, "number": number}
    with connection.transaction():
        part = connection.execute(statement("processing", "lock_part"), key).fetchone()
        if part is None:
            return None
        span = {"sensor_ids": part[0], "starts_at": part[1], "ends_at": part[2]}
        tally = _mark(connection, span) if engine is None else _compute(connection, span, engine)
        connection.execute(statement("processing", "finish_part"), key | asdict(tally))
    return tally


def _mark(connection: psycopg.Connection[TupleRow], span: dict[str, Any]) -> Tally:
    row = connection.execute(statement("processing", "mark_hours"), span).fetchone()
    return Tally(row[0] if row else 0, 0, 0)


def _compute(connection: psycopg.Connection[TupleRow], span: dict[str, Any], engine: Engine) -> Tally:
    sensor_ids, hours = fetch_columns(connection, "select_hours", span)
    outcome = engine.process_hours(sensor_ids, hours)
    return Tally(0, 0, 0) if outcome is None else Tally(outcome.keys, outcome.facts_changed, outcome.cells)
