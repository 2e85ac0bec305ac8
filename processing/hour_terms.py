"""Terms of the hours of one sensor, made of the readings that were loaded for its facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from processing.grid import HOUR_US
from processing.indicators.recipes import SensorWindows
from processing.parameters import spans_of_sensor
from processing.terms import added, stacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from processing.columns import Ints
    from processing.facts import RunFacts
    from processing.indicators.recipes import ReadingsRecipe, WindowTerms
    from processing.parameters import Parameters, Span
    from processing.registry import Registry
    from processing.spans import FactRules
    from processing.work import Readings, Work


class Setting(NamedTuple):
    """What the terms of any sensor depend on beside its readings."""

    rules: FactRules
    registry: Registry
    parameters: Parameters


class HourTerms(NamedTuple):
    """Terms of one recipe, one row per hour of a sensor."""

    code: str
    sensor_id: int
    hours: Ints
    terms: WindowTerms


def hour_terms(
    work: Work,
    readings: Readings,
    runs: Sequence[RunFacts],
    recipes: Sequence[tuple[ReadingsRecipe, str]],
    setting: Setting,
) -> Iterator[HourTerms]:
    """Yield the terms of every hour whose facts were computed, recipe by recipe.

    Args:
        work: of the sensor.
        readings: of the sensor.
        runs: at least one.
        recipes: those that read the sensor's quantity, and the sensor's time zone.
        setting: that all sensors share.
    """
    hours = np.concatenate([run.facts.hour for run in runs])
    for recipe, zone in recipes:
        max_gap_us = setting.rules.max_gap_us(work.sensor)
        parts = [
            terms_of_run(
                work,
                readings,
                run,
                (recipe, zone, max_gap_us),
                spans_of_sensor(
                    setting.parameters, recipe, setting.registry, (work.sensor.id, zone), run.facts.hour
                ),
            )
            for run in runs
        ]
        yield HourTerms(recipe.indicator.code, work.sensor.id, hours, stacked(parts))


def terms_of_run(
    work: Work,
    readings: Readings,
    run: RunFacts,
    asked: tuple[ReadingsRecipe, str, int],
    spans: Iterable[Span],
) -> WindowTerms:
    """Return the terms of the hours of one run, a row each.

    Args:
        work: of the sensor.
        readings: of the sensor.
        run: of hours.
        asked: recipe, time zone of the sensor, and how long a value holds at most in microseconds.
        spans: the hours of the run by the values of the recipe's parameters that hold in them.
    """
    recipe, zone, max_gap_us = asked
    hour, start, end = _windows(run)
    parts: list[WindowTerms] = []
    rows: list[Ints] = []
    for span in spans:
        mine = np.isin(hour, span.rows)
        local = (zone, max_gap_us, span.values)
        windows = _sensor_windows(work, readings, run, (start[mine], end[mine]), local)
        parts.append(recipe.terms(windows))
        rows.append(hour[mine])
    return added(stacked(parts), np.concatenate(rows), len(run.facts))


def _windows(run: RunFacts) -> tuple[Ints, Ints, Ints]:
    """Return hour (its position), start and end of every part that counts, in time order.

    Before the first reading ever nothing is known.
    """
    count = len(run.facts)
    hour = np.concatenate([np.arange(count)] * len(run.pieces))
    start = np.maximum(np.concatenate([starts for starts, _ in run.pieces]), run.life.start)
    end = np.minimum(np.concatenate([ends for _, ends in run.pieces]), run.until)
    order = np.lexsort((start, hour))
    order = order[end[order] > start[order]]
    return hour[order], start[order], end[order]


def _sensor_windows(
    work: Work,
    readings: Readings,
    run: RunFacts,
    windows: tuple[Ints, Ints],
    local: tuple[str, int, Mapping[str, float]],
) -> SensorWindows:
    ts = readings.ts[run.chosen]
    # Terms look left only; what comes after the last hour would be read once per run for nothing.
    within = slice(0, int(np.searchsorted(ts, run.facts.hour[-1] + HOUR_US)))
    good = readings.good[run.chosen][within]
    zone, max_gap_us, parameters = local
    return SensorWindows(
        ts=ts[within][good],
        value=readings.value[run.chosen][within][good],
        carry_ts=run.carry.ts,
        carry_value=run.carry.value,
        start=windows[0],
        end=windows[1],
        interval_us=work.sensor.interval_us,
        max_gap_us=max_gap_us,
        until=run.until,
        time_zone=zone,
        parameters=parameters,
        quantity=work.sensor.quantity,
    )
