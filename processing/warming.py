"""Compile the kernels before they are needed, or fetch what an earlier process compiled."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from itertools import chain
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.periods import Period
from processing.bulk import StoredReadings
from processing.columns import NO_INSTANT, SiteHours
from processing.context import recipes_of
from processing.facts import sensor_facts
from processing.grid import HOUR_US
from processing.indicators.recipes import Pooled, ReadingsRecipe, SensorWindows, SiteSeriesRecipe
from processing.kernels.copy_stream import count_packs, decode_packs, parse_readings
from processing.kernels.gaps import merged_spans, spans_without_hours
from processing.kernels.ordering import sensor_time_order
from processing.packing import packed_stream
from processing.spans import FactRules, Run
from processing.terms import added
from processing.work import Readings, Sensor, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from processing.compute.readings import Reader

    Job = Callable[[], object]

_HOURS: Final = 48
# COPY in binary: the header, and a tuple of -1 fields as the end.
_COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END: Final = b"\xff\xff"


def warm_kernels(*, files: bool = False) -> dict[str, float]:
    """Run every kernel of the service once on a little data; return seconds by what was warmed.

    Args:
        files: run those as well that only computations on files (`nhip compute`) use.
    """
    seconds: dict[str, float] = {}
    for name, job in chain(_jobs(), _file_jobs() if files else ()):
        started_s = time.monotonic()
        job()
        seconds[name] = time.monotonic() - started_s
    return seconds


def _jobs() -> Iterator[tuple[str, Job]]:
    yield "hour facts", _warm_facts
    yield "ordering", _warm_ordering
    yield "reading", _warm_reading
    yield "packs", _warm_packs
    hours = np.arange(_HOURS, dtype=np.int64) * HOUR_US
    for recipe in recipes_of(SiteSeriesRecipe):
        means = {quantity: (hours, np.ones(_HOURS)) for quantity in recipe.quantities}
        series = SiteHours.on_grid(0, _HOURS * HOUR_US, "UTC", means)
        yield recipe.indicator.code, partial(recipe.compute, series)
    for each in recipes_of(ReadingsRecipe):
        yield each.indicator.code, partial(_warm_terms, each)


def _warm_facts() -> object:
    sensor = Sensor(
        id=1,
        site_id=1,
        quantity="pm25",
        is_counter=False,
        interval_us=HOUR_US,
        averaging_us=0,
        archive=True,
        retired_us=None,
    )
    ts = np.arange(3, dtype=np.int64) * HOUR_US
    yes = np.ones(3, np.bool_)
    readings = Readings(ts, np.ones(3), yes, ~yes, ts)
    rules = FactRules(2, 3, 0, 3 * HOUR_US)
    return sensor_facts(Work(sensor, None, (Run(0, 2 * HOUR_US),)), readings, rules)


def _warm_terms(recipe: ReadingsRecipe) -> object:
    ts = np.arange(3, dtype=np.int64) * (HOUR_US // 4)
    # Without a value where there is no default nothing would be computed.
    parameters = {one.name: 1.0 if isnan(one.default) else one.default for one in recipe.parameters}
    terms = recipe.terms(
        SensorWindows(
            ts=ts,
            value=np.ones(3),
            carry_ts=NO_INSTANT,
            carry_value=float("nan"),
            start=np.zeros(1, np.int64),
            end=np.full(1, HOUR_US),
            interval_us=HOUR_US // 4,
            max_gap_us=HOUR_US,
            until=HOUR_US,
            time_zone="UTC",
            parameters=parameters,
        )
    )
    pooled = Pooled(
        added(terms, np.zeros(1, np.int64), 1),
        min(recipe.indicator.periods, key=list(Period).index),
        np.zeros(1, np.int64),
        np.full(1, HOUR_US),
        "UTC",
        parameters,
    )
    return recipe.finish(pooled)


def _warm_ordering() -> object:
    return sensor_time_order(np.zeros(2, np.int64), np.arange(2, dtype=np.int64), 1)


def _warm_reading() -> object:
    """Read an empty answer of COPY, which needs no database; arrays as the driver's buffers make them."""
    stream = np.frombuffer(bytearray(_COPY_HEADER + _COPY_END), np.uint8)
    instants = np.arange(2, dtype=np.int64)
    spans = merged_spans(instants, instants, instants + 1)
    return parse_readings(stream, np.empty((6, 0), np.int64)), spans_without_hours(*spans, instants, instants)


def _warm_packs() -> object:
    nothing = np.zeros(2, np.int64)
    ts = np.arange(2, dtype=np.int64)
    readings = StoredReadings(nothing, ts, np.ones(2), nothing, nothing, ts)
    stream = np.frombuffer(bytearray(packed_stream(readings)[0]), np.uint8)
    packs, count = count_packs(stream)
    columns, keys = np.empty((5, max(count, 0)), np.int64), np.empty((3, max(packs, 0)), np.int64)
    return decode_packs(stream, columns, np.empty(max(count, 0)), keys)


def _file_jobs() -> Iterator[tuple[str, Job]]:
    """Yield what no indicator uses: every kernel of the catalogue, over three sensors of four readings."""
    from processing.compute.catalogue import KERNELS  # noqa: PLC0415 # the service computes no files
    from processing.compute.command import KERNEL_PREFIX, Request, compute_request  # noqa: PLC0415 # as above
    from processing.compute.errors import ComputeError  # noqa: PLC0415 # as above

    def taken(reader: Reader, _: Path) -> None:
        for name in "abc":
            reader.add("", name, "pm25", [(k * HOUR_US, float(k), "ug/m3", k) for k in range(4)])

    def job(name: str, typed: Mapping[str, str]) -> None:
        # What a kernel wants besides is no matter: those of parameters or events alone are not compiled.
        with suppress(ComputeError):
            compute_request(Request(KERNEL_PREFIX + name, (Path(),), parameters=typed, taken=taken))

    for kernel in KERNELS.values():
        typed = {
            one.name: "1" for one in kernel.parameters if one.required or one.name == "suspect_threshold"
        }
        yield KERNEL_PREFIX + kernel.name, partial(job, kernel.name, typed)
