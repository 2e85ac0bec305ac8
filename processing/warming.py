"""Compile the kernels before they are needed, or fetch what an earlier process compiled."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from processing.columns import SiteHours
from processing.context import recipes_of
from processing.facts import sensor_facts
from processing.grid import HOUR_US
from processing.indicators.recipes import SiteSeriesRecipe
from processing.kernels.ordering import sensor_time_order
from processing.loading import Readings, Work
from processing.registry import Sensor
from processing.spans import FactRules, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Job = Callable[[], object]

_HOURS: Final = 48


def warm_kernels() -> dict[str, float]:
    """Run every kernel once on a little data; return seconds by what was warmed."""
    seconds: dict[str, float] = {}
    for name, job in _jobs():
        started_s = time.monotonic()
        job()
        seconds[name] = time.monotonic() - started_s
    return seconds


def _jobs() -> Iterator[tuple[str, Job]]:
    yield "hour facts", _warm_facts
    yield "ordering", _warm_ordering
    hours = np.arange(_HOURS, dtype=np.int64) * HOUR_US
    for recipe in recipes_of(SiteSeriesRecipe):
        means = {quantity: (hours, np.ones(_HOURS)) for quantity in recipe.quantities}
        series = SiteHours.on_grid(0, _HOURS * HOUR_US, "UTC", means)
        yield recipe.indicator.code, partial(recipe.compute, series)


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


def _warm_ordering() -> object:
    return sensor_time_order(np.zeros(2, np.int64), np.arange(2, dtype=np.int64), 1)
