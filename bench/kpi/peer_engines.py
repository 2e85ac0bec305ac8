"""The same work in polars, DuckDB and pandas, each in the fastest form that was found for it.

All take the readings in their own format and in order, drop the bad ones and give the cells of workload.py.
A value holds five minutes at most, so it reaches into one hour more.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from bench.kpi.workload import HOUR_US, MAX_GAP_US, START, Columns, Workload, empty_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    Engine = Callable[[Workload, Columns, int], Callable[[], np.ndarray]]


def _spread(cells: np.ndarray, workload: Workload, *stretches: list[int]) -> None:
    """Add dead stretches (sensor, begin, end), few of them, to the hours that they lie in."""
    for sensor, begin, end in zip(*stretches, strict=True):
        first = (begin - START) // HOUR_US
        if begin < workload.end:
            cells["outages"][sensor * workload.hours + first] += 1
        for hour in range(first, -(-(end - START) // HOUR_US)):
            low, high = max(begin, START + hour * HOUR_US), min(end, START + (hour + 1) * HOUR_US)
            cells["dead_s"][sensor * workload.hours + hour] += (high - low) * 1e-6


def polars_engine(
    workload: Workload, columns: Columns, threads: int, *, by_family: bool = False
) -> Callable[[], np.ndarray]:
    """One group_by over a sorted key; neighbours by a shift over all rows and a mask where sensors change.

    By family, each is a query of its own, as indicators that are defined one by one are.
    """
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl  # noqa: PLC0415 # only the group `bench` has it

    table = pl.DataFrame(dict(zip(Columns._fields, columns, strict=True)))
    last, life = workload.end, workload.liveness_us
    hours, sensor = workload.hours, pl.col("sensor")
    same_next, same_before = sensor.shift(-1) == sensor, sensor.shift(1) == sensor
    plan = (
        table.lazy()
        .filter(pl.col("good"))
        .with_columns(
            following=pl.when(same_next).then(pl.col("ts").shift(-1)).otherwise(last),
            step=pl.when(same_before).then(pl.col("counter") - pl.col("counter").shift(1)).otherwise(0.0),
            hour=(pl.col("ts") - START) // HOUR_US,
        )
        .with_columns(
            cell=sensor * hours + pl.col("hour"),
            until=pl.min_horizontal(pl.col("following"), pl.col("ts") + MAX_GAP_US),
            hour_end=START + (pl.col("hour") + 1) * HOUR_US,
            rise=pl.when(pl.col("step") < 0).then(pl.col("counter")).otherwise(pl.col("step")),
        )
        .with_columns(held=pl.min_horizontal(pl.col("until"), pl.col("hour_end")) - pl.col("ts"))
    )
    value = pl.col("value")
    statistics = {
        "n": pl.len(),
        "mean": value.mean(),
        "minimum": value.min(),
        "maximum": value.max(),
        "std": value.std(),
        "p95": value.quantile(0.95, "linear"),
    }
    held = {"integral": (value * pl.col("held")).sum(), "covered_s": pl.col("held").sum()}
    rises = {"increase": pl.col("rise").sum()}
    by_cell = plan.with_columns(pl.col("cell").set_sorted()).group_by("cell")
    families = [statistics, held, rises] if by_family else [statistics | held | rises]
    grouped = [by_cell.agg(**family) for family in families]
    over = (
        plan.filter((pl.col("until") > pl.col("hour_end")) & (pl.col("hour") + 1 < hours))
        .select(pl.col("cell") + 1, "value", held=pl.col("until") - pl.col("hour_end"))
        .select("cell", "held", integral=value * pl.col("held"))
    )
    silent = plan.filter(pl.col("following") - pl.col("ts") > life).select(
        "sensor", begin=pl.col("ts") + life, end="following"
    )

    def run() -> np.ndarray:
        cells = empty_cells(workload.sensors * hours)
        plans = [*grouped, over, silent]
        *firsts, second, third = [one.collect() for one in plans] if by_family else pl.collect_all(plans)
        for first in firsts:
            at = first["cell"].to_numpy()
            for name in first.columns[1:]:
                cells[name][at] = first[name].to_numpy()
        at = second["cell"].to_numpy()
        np.add.at(cells["integral"], at, second["integral"].to_numpy())
        np.add.at(cells["covered_s"], at, second["held"].to_numpy())
        cells["integral"] *= 1e-6
        cells["covered_s"] *= 1e-6
        _spread(cells, workload, *(third[name].to_list() for name in ("sensor", "begin", "end")))
        return cells

    return run


_DUCKDB = """
WITH good AS (
    SELECT sensor, ts, value, counter, (ts - {start}) // {hour} AS hour,
        lead(ts, 1, {last}) OVER near AS following, counter - lag(counter) OVER near AS step
    FROM reading WHERE good WINDOW near AS (PARTITION BY sensor ORDER BY ts)
), held AS MATERIALIZED (
    SELECT *, least(following, ts + {gap}) AS until, {start} + (hour + 1) * {hour} AS hour_end FROM good
), grouped AS (
    SELECT sensor * {hours} + hour AS cell, count(*) AS n, avg(value) AS mean, min(value) AS minimum,
        max(value) AS maximum, stddev_samp(value) AS std, quantile_cont(value, 0.95) AS p95,
        sum(value * (least(until, hour_end) - ts)) AS integral, sum(least(until, hour_end) - ts) AS covered,
        sum(CASE WHEN step < 0 THEN counter ELSE coalesce(step, 0) END) AS increase
    FROM held GROUP BY sensor, hour
), over_edge AS (
    SELECT sensor * {hours} + hour + 1 AS cell, sum(value * (until - hour_end)) AS integral,
        sum(until - hour_end) AS covered
    FROM held WHERE until > hour_end AND hour + 1 < {hours} GROUP BY ALL
), silent AS (
    SELECT sensor, ts + {life} AS begin, following AS finish FROM held WHERE following - ts > {life}
), pieces AS (
    SELECT sensor * {hours} + h AS cell, (h = (begin - {start}) // {hour})::INT AS outages,
        least(finish, {start} + (h + 1) * {hour}) - greatest(begin, {start} + h * {hour}) AS dead
    FROM (SELECT *, unnest(range((begin - {start}) // {hour}, (finish - {start} - 1) // {hour} + 1)) AS h
        FROM silent)
), dead AS (
    SELECT cell, sum(outages) AS outages, sum(dead) AS dead FROM pieces GROUP BY cell
)
SELECT c.cell, n, mean, minimum, maximum, coalesce(std, 'nan') AS std, p95,
    coalesce(g.integral, 0) + coalesce(o.integral, 0) AS integral,
    coalesce(g.covered, 0) + coalesce(o.covered, 0) AS covered,
    coalesce(d.outages, 0)::BIGINT AS outages, coalesce(d.dead, 0)::DOUBLE AS dead, increase
FROM (SELECT unnest(range({cells})) AS cell) c
LEFT JOIN grouped g USING (cell) LEFT JOIN over_edge o USING (cell) LEFT JOIN dead d USING (cell)
ORDER BY c.cell
"""


def duckdb_engine(workload: Workload, columns: Columns, threads: int) -> Callable[[], np.ndarray]:
    """One statement on a table of its own, written in the order of sensor and time."""
    import duckdb  # noqa: PLC0415 # only the group `bench` has it

    connection = duckdb.connect(config={"threads": threads})
    connection.register("frame", dict(zip(Columns._fields, columns, strict=True)))
    connection.execute("CREATE TABLE reading AS SELECT * FROM frame")
    connection.unregister("frame")
    statement = _DUCKDB.format(
        start=START,
        hour=HOUR_US,
        last=workload.end,
        gap=MAX_GAP_US,
        life=workload.liveness_us,
        hours=workload.hours,
        cells=workload.sensors * workload.hours,
    )

    def run() -> np.ndarray:
        found = connection.execute(statement).fetchnumpy()
        cells = empty_cells(workload.sensors * workload.hours)
        for name in ("mean", "minimum", "maximum", "std", "p95", "increase"):
            cells[name] = np.ma.filled(found[name].astype(np.float64), np.nan)
        cells["n"] = np.ma.filled(found["n"], 0)
        cells["outages"] = found["outages"]
        cells["integral"], cells["covered_s"] = found["integral"] * 1e-6, found["covered"] * 1e-6
        cells["dead_s"] = found["dead"] * 1e-6
        return cells

    return run


def pandas_engine(workload: Workload, columns: Columns, threads: int) -> Callable[[], np.ndarray]:
    """numpy for neighbours and masks, groupby for what pandas groups; one thread, whatever is asked."""
    import pandas as pd  # noqa: PLC0415 # only the group `bench` has it

    del threads
    table = pd.DataFrame(dict(zip(Columns._fields, columns, strict=True)))
    hours, life = workload.hours, workload.liveness_us

    def run() -> np.ndarray:
        good = table[table["good"].to_numpy()]
        sensor, ts, value, counter = (good[name].to_numpy() for name in ("sensor", "ts", "value", "counter"))
        changes = sensor[1:] != sensor[:-1]
        following = np.append(np.where(changes, workload.end, ts[1:]), workload.end)
        step = np.insert(np.where(changes, 0.0, np.diff(counter)), 0, 0.0)
        rise = np.where(step < 0, counter, step)
        hour = (ts - START) // HOUR_US
        cell = sensor * hours + hour
        hour_end = START + (hour + 1) * HOUR_US
        until = np.minimum(following, ts + MAX_GAP_US)
        held = np.minimum(until, hour_end) - ts
        frame = pd.DataFrame(
            {"cell": cell, "value": value, "integral": value * held, "covered_s": held, "increase": rise}
        )
        groups = frame.groupby("cell", sort=False)
        cells = empty_cells(workload.sensors * hours)
        values = groups["value"]
        made = {"n": values.count(), "mean": values.mean(), "minimum": values.min(), "maximum": values.max()}
        made |= {"std": values.std(), "p95": values.quantile(0.95)}
        made |= {name: groups[name].sum() for name in ("integral", "covered_s", "increase")}
        for name, column in made.items():
            cells[name][column.index.to_numpy()] = column.to_numpy()
        over = np.flatnonzero((until > hour_end) & (hour + 1 < hours))
        np.add.at(cells["integral"], cell[over] + 1, value[over] * (until - hour_end)[over])
        np.add.at(cells["covered_s"], cell[over] + 1, (until - hour_end)[over])
        cells["integral"] *= 1e-6
        cells["covered_s"] *= 1e-6
        silent = np.flatnonzero(following - ts > life)
        stretches = sensor[silent], ts[silent] + life, following[silent]
        _spread(cells, workload, *(column.tolist() for column in stretches))
        return cells

    return run
