"""From the database into columns: readings of dirty hours with what they lean on, and stored facts."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from domain.quality import COUNTING_FLAGS, DeviceState
from processing.arrays import Column, Instants, Int4s
from processing.bulk import Spans, StoredReadings
from processing.columns import NO_INSTANT, HourFacts
from processing.grid import HOUR_US, to_us
from processing.kernels.ordering import sensor_time_order
from processing.spans import Extent, FactRules, Run, dirty_hours, runs_of, slot_reach
from processing.work import Readings, Work
from store import statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import psycopg
    from psycopg.rows import TupleRow

    from processing.columns import Floats, Ints
    from processing.work import Sensor

    Source = Callable[[psycopg.Connection[TupleRow], Spans], StoredReadings]

_END_OF_TIME: Final = np.iinfo(np.int64).max // 2


class Calibration(NamedTuple):
    """A correction valid in [start, end): calibrated = scale x raw + offset."""

    start: int
    end: int
    scale: float
    offset: float


def fetch_columns(
    connection: psycopg.Connection[TupleRow], name: str, parameters: Mapping[str, Any]
) -> Sequence[Any]:
    """Return the one row of arrays that the statement `name` gives."""
    cursor = connection.cursor(binary=True)
    row = cursor.execute(statement("processing", name), parameters).fetchone()
    if row is None:  # an aggregate without GROUP BY always has a row
        raise LookupError(name)
    return row


def load_work(
    connection: psycopg.Connection[TupleRow],
    sensors: Mapping[int, Sensor],
    keys: tuple[Ints, Ints],
    rules: FactRules,
) -> list[Work]:
    """Return what to compute for the claimed (sensor, hour) keys, by sensor id.

    Args:
        connection: with the sensors' locks held.
        sensors: those of the keys that exist.
        keys: sensor ids and hours, distinct and sorted by both.
        rules: that every sensor shares.
    """
    sensor_ids, hours = keys
    distinct, first = np.unique(sensor_ids, return_index=True)
    extents = _load_extents(connection, distinct)
    planned: list[Work] = []
    for sensor_id, of_sensor in zip(distinct.tolist(), np.split(hours, first[1:]), strict=True):
        sensor = sensors.get(sensor_id)
        if sensor is None:
            continue
        extent = extents.get(sensor_id)
        dirty = dirty_hours(sensor, of_sensor, extent, rules.now)
        if len(dirty):
            runs = tuple(Run(*run) for run in runs_of(dirty))
            planned.append(Work(sensor, extent, runs, rules.follow_us(sensor)))
    maintenance = _load_maintenance(connection, [work.sensor.id for work in planned])
    return [
        replace(work, maintenance=tuple(maintenance.get(work.sensor.id, ())))
        for work in _with_neighbours(connection, planned)
    ]


def _load_extents(connection: psycopg.Connection[TupleRow], sensor_ids: Ints) -> dict[int, Extent]:
    columns = fetch_columns(connection, "select_extents", {"sensor_ids": Int4s(sensor_ids)})
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return {row[0]: Extent(*row[1:]) for row in rows}


def _load_maintenance(
    connection: psycopg.Connection[TupleRow], sensor_ids: Sequence[int]
) -> dict[int, list[tuple[int, int]]]:
    rows = connection.execute(
        statement("processing", "select_maintenance"),
        {"sensor_ids": Int4s(np.array(sensor_ids, np.int64))},
    ).fetchall()
    found: dict[int, list[tuple[int, int]]] = {}
    for sensor_id, starts_at, ends_at in rows:
        found.setdefault(sensor_id, []).append((to_us(starts_at), to_us(ends_at)))
    return found


def _with_neighbours(connection: psycopg.Connection[TupleRow], planned: list[Work]) -> Iterator[Work]:
    owners = [(work.sensor.id, run) for work in planned for run in work.runs]
    columns = fetch_columns(
        connection,
        "select_neighbours",
        {
            "sensor_ids": Int4s(np.array([owner for owner, _ in owners], np.int64)),
            "first_hours": Instants(np.array([run.first for _, run in owners], np.int64)),
            "last_hours": Instants(np.array([run.last for _, run in owners], np.int64)),
        },
    )
    by_position = {
        position - 1: found for position, *found in zip(*(column.tolist() for column in columns), strict=True)
    }
    position = 0
    for work in planned:
        runs: list[Run] = []
        for run in work.runs:
            runs.append(Run(run.first, run.last, *by_position[position]))
            position += 1
        yield replace(work, runs=tuple(runs))


def in_batches(works: Sequence[Work], readings_max: int) -> Iterator[Sequence[Work]]:
    """Cut the work so that each batch loads about `readings_max` readings, by the sensors' intervals."""
    batch: list[Work] = []
    foretold = 0.0
    for work in works:
        hours = sum((run.last - run.first) // HOUR_US + 2 for run in work.runs)
        count = hours * max(1.0, HOUR_US / work.sensor.interval_us)
        if batch and foretold + count > readings_max:
            yield batch
            batch, foretold = [], 0.0
        batch.append(work)
        foretold += count
    if batch:
        yield batch


def read_arrays(connection: psycopg.Connection[TupleRow], spans: Spans) -> StoredReadings:
    """Return the rows of `reading` within the spans as one row of arrays: the quickest way to a few."""
    columns = fetch_columns(
        connection,
        "select_readings",
        {
            "sensor_ids": Int4s(spans.sensor_id),
            "starts": Instants(spans.start),
            "ends": Instants(spans.end),
            "first": _instant(int(spans.start.min())),
            "last": _instant(int(spans.end.max())),
        },
    )
    return StoredReadings(*columns)


def load_readings(
    connection: psycopg.Connection[TupleRow], works: Sequence[Work], read: Source = read_arrays
) -> list[Readings]:
    """Return the readings of each work's runs and of the next stored hour after each.

    Args:
        connection: in a transaction.
        works: sorted by sensor.
        read: gives the stored readings of spans; of two of the same instant the first counts.
    """
    spans = [(index, *span) for index, work in enumerate(works) for span in _spans(work)]
    owners = np.array([span[0] for span in spans], np.int64)
    starts = np.array([span[1] for span in spans], np.int64)
    ends = np.array([span[2] for span in spans], np.int64)
    ids = np.array([work.sensor.id for work in works], np.int64)
    sensor_id, ts, value, flag, state, received = read(connection, Spans(ids[owners], starts, ends))
    # `works` is sorted by sensor, so the number of a reading's sensor is a search away.
    owner = np.searchsorted(ids, sensor_id)
    order = sensor_time_order(owner, ts, len(works))
    good = (state == DeviceState.MEASURING) & np.isin(flag, [int(one) for one in COUNTING_FLAGS])
    calibrations = _load_calibrations(connection, ids)
    found: list[Readings] = []
    for index, work in enumerate(works):
        positions = order.positions[order.offsets[index] : order.offsets[index + 1]]
        times = ts[positions]
        if len(times) > 1:
            # Spans of one sensor may overlap where one run's next hour is another's.
            once = np.concatenate((np.ones(1, np.bool_), times[1:] != times[:-1]))
            positions, times = positions[once], times[once]
        found.append(
            Readings(
                ts=times,
                value=calibrated(value[positions], times, calibrations.get(work.sensor.id, ())),
                good=good[positions],
                calibrating=state[positions] == DeviceState.CALIBRATING,
                delay_us=received[positions] - times - work.sensor.averaging_us,
            )
        )
    return found


def _instant(instant_us: int) -> Instants:
    return Instants(np.array([instant_us], np.int64))


def _spans(work: Work) -> Iterator[tuple[int, int]]:
    beyond = HOUR_US * (1 + slot_reach(work.sensor.interval_us))
    for run in work.runs:
        last = run.last + work.follow_us
        if work.extent is not None and run.last < work.extent.first_hour:
            last = max(last, run.next_hour, work.extent.first_hour)
        yield run.first, last + beyond
        if run.next_hour != NO_INSTANT:
            yield run.next_hour, run.next_hour + beyond


def _load_calibrations(
    connection: psycopg.Connection[TupleRow], sensor_ids: Ints
) -> dict[int, list[Calibration]]:
    rows = connection.execute(
        statement("processing", "select_calibrations"), {"sensor_ids": Int4s(sensor_ids)}
    ).fetchall()
    found: dict[int, list[Calibration]] = {}
    for sensor_id, valid_from, valid_to, scale, offset in rows:
        end = _END_OF_TIME if valid_to is None else to_us(valid_to)
        found.setdefault(sensor_id, []).append(Calibration(to_us(valid_from), end, scale, offset))
    return found


def calibrated(raw: Floats, ts: Ints, calibrations: Sequence[Calibration]) -> Floats:
    """Return calibrated values; where calibrations overlap, the later one holds."""
    value = raw
    for calibration in calibrations:
        held = (calibration.start <= ts) & (ts < calibration.end)
        value = np.where(held, calibration.scale * raw + calibration.offset, value)
    return value


def load_facts(
    connection: psycopg.Connection[TupleRow], name: str, parameters: Mapping[str, Column]
) -> tuple[HourFacts, Sequence[Ints]]:
    """Return the facts that the statement `name` selects, and the columns that it adds after them."""
    columns = fetch_columns(connection, name, parameters)
    count = len(fields(HourFacts))
    return HourFacts(*columns[:count]), columns[count:]
