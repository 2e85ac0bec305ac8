"""The only place where claims, readings, kernels, indicators and tables meet.

One claim is one transaction: the keys leave the queue, facts, interruptions and indicator values are written,
or nothing happened at all. Several engines may run: keys are claimed with SKIP LOCKED, and whoever computes a
sensor, a site or an area holds its lock until it commits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import SubjectKind
from domain.periods import Period
from processing import interruptions, pooling, roll_up, saving, scheduling, series, supply
from processing.arrays import adapt
from processing.cells import SubjectHours, distinct_hours
from processing.context import Context, recipes_in_force
from processing.defined.stored import newest_definition, put_definitions_in_force
from processing.definitions import sync
from processing.derived import derived_blocks
from processing.evidence.recording import record_methods
from processing.executor import executor_of
from processing.facts import joined, run_facts
from processing.grid import HOUR_US
from processing.hour_terms import Setting, hour_terms
from processing.judging import load_targets
from processing.loading import in_batches, load_readings, load_work, read_arrays
from processing.parameters import load_parameters, sync_parameters
from processing.registry import NOWHERE, load_registry
from processing.spans import FactRules
from store import statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    import psycopg
    from psycopg.rows import TupleRow

    from processing.cells import Block
    from processing.columns import HourFacts, Ints
    from processing.hour_terms import HourTerms
    from processing.indicators.recipes import ReadingsRecipe
    from processing.loading import Source
    from processing.registry import Registry
    from processing.scheduling import Claim
    from processing.settings import ProcessingSettings
    from processing.work import Readings, Work

_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one claim came to.

    Attributes:
        rows: rows of the queue.
        keys: distinct (sensor, hour).
        facts: facts computed.
        facts_changed: facts written.
        cells: indicator values written.
        oldest: when the oldest key was marked.
        seconds: time by step.
    """

    rows: int
    keys: int
    facts: int
    facts_changed: int
    cells: int
    oldest: datetime | None
    seconds: dict[str, float]


@dataclass(slots=True)
class _Saved:
    """What one claim has written so far."""

    count: int = 0
    changed: int = 0
    cells: int = 0
    touched: list[tuple[Ints, Ints]] = field(default_factory=list["tuple[Ints, Ints]"])


@dataclass(slots=True)
class _Stopwatch:
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    last: float = field(default_factory=time.monotonic)

    def lap(self, step: str) -> None:
        now = time.monotonic()
        self.seconds[step] = self.seconds.get(step, 0.0) + now - self.last
        self.last = now


class Engine:
    """Turns dirty hours into facts and indicator values, one claim at a time, on one connection."""

    def __init__(
        self,
        connection: psycopg.Connection[TupleRow],
        settings: ProcessingSettings,
        clock: Callable[[], int] | None = None,
        read: Source = read_arrays,
    ) -> None:
        """Prepare the connection (autocommit) and the indicators' definitions.

        Args:
            connection: in autocommit mode; the engine opens its own transactions.
            settings: of the service.
            clock: now in microseconds UTC; the database's clock unless given.
            read: where readings come from.
        """
        self._connection = connection
        self._settings = settings
        self._clock = clock or (lambda: scheduling.read_clock(connection))
        self._executor = executor_of(settings.threads)
        self._read = read
        adapt(connection)
        connection.execute(
            statement("processing", "set_patience"),
            {
                "lock_timeout_ms": str(round(settings.lock_timeout_s * 1000)),
                "statement_timeout_ms": str(round(settings.statement_timeout_s * 1000)),
            },
        )
        self._definition = -1
        self._indicator_ids: Mapping[str, int] = {}
        self._follow_definitions()

    def _follow_definitions(self) -> None:
        """Compute by the definitions of the city that are in force now, if any was written since."""
        with self._connection.transaction():
            newest = newest_definition(self._connection)
            if newest == self._definition:
                return
            put_definitions_in_force(self._connection)
            found = sync(self._connection)
            sync_parameters(self._connection)
            record_methods(self._connection, recipes_in_force().values(), self._settings)
        self._indicator_ids, self._definition = found, newest

    @property
    def _grace_us(self) -> int:
        return round(self._settings.grace_s * _SECOND_US)

    def process_dirty(self, claim_max: int | None = None) -> Outcome | None:
        """Compute the oldest keys of the queue; None when it is empty."""
        self._follow_definitions()
        with self._connection.transaction():
            claim = scheduling.claim_dirty(self._connection, claim_max or self._settings.claim_keys_max)
            return None if claim is None else self._process(claim, self._clock())

    def process_closing(self) -> Outcome | None:
        """Close the hours that are over; None when there are none.

        Their facts and the sensors' hours are published at once. What is made of them, ten times the work,
        is left in the queue.
        """
        self._follow_definitions()
        with self._connection.transaction():
            now, limit = self._clock(), self._settings.claim_keys_max
            claim = scheduling.claim_closing(self._connection, now, self._grace_us, limit)
            return None if claim is None else self._process(claim, now, facts_only=True)

    def process_open(self) -> Outcome | None:
        """Bring all open hours up to date; None when there are none."""
        self._follow_definitions()
        with self._connection.transaction():
            now = self._clock()
            claim = scheduling.claim_open(self._connection, now, self._settings.claim_keys_max)
            return None if claim is None else self._process(claim, now)

    def process_stale(self) -> Outcome | None:
        """Close the values of periods that are over; None when there are none."""
        self._follow_definitions()
        with self._connection.transaction():
            now, limit = self._clock(), self._settings.claim_keys_max
            claim = scheduling.claim_stale(self._connection, now, self._grace_us, limit)
            return None if claim is None else self._process(claim, now)

    def process_hours(self, sensor_ids: Ints, hours: Ints) -> Outcome | None:
        """Compute some hours, whether they are in the queue or not (they stay there); None for none.

        Args:
            sensor_ids: shape (k,).
            hours: shape (k,), starts of hours, microseconds UTC.
        """
        if not len(hours):
            return None
        self._follow_definitions()
        with self._connection.transaction():
            claim = scheduling.Claim(distinct_hours(sensor_ids, hours))
            return self._process(claim, self._clock())

    def drain(self) -> list[Outcome]:
        """Compute until the queue is empty and every hour that is over is closed."""
        outcomes: list[Outcome] = []
        while outcome := self.process_dirty() or self.process_closing():
            outcomes.append(outcome)
        return outcomes

    def close(self) -> None:
        """End the threads; the connection belongs to the caller."""
        self._executor.close()

    def _process(self, claim: Claim, now: int, *, facts_only: bool = False) -> Outcome:
        watch = _Stopwatch()
        connection = self._connection
        registry = load_registry(connection, np.unique(claim.keys.subject_id).tolist())
        scheduling.lock_subjects(connection, registry)
        context = Context(
            connection,
            registry,
            self._indicator_ids,
            load_targets(connection),
            self._executor,
            now,
            self._grace_us,
            load_parameters(connection),
        )
        watch.lap("claim")
        rules = FactRules(
            self._settings.liveness_intervals,
            self._settings.max_gap_intervals,
            round(self._settings.on_time_limit_s * _SECOND_US),
            now,
        )
        works = load_work(connection, registry.sensors, claim.keys, rules)
        saved = self._save_facts(context, works, rules, watch)
        touched = distinct_hours(
            np.concatenate((claim.keys.subject_id, *(sensors for sensors, _ in saved.touched))),
            np.concatenate((claim.keys.hour, *(hours for _, hours in saved.touched))),
        )
        known = np.isin(touched.subject_id, np.array(list(registry.sensors), np.int64))
        touched = SubjectHours(touched.subject_id[known], touched.hour[known])
        cells = saved.cells
        if facts_only:
            scheduling.put_back(connection, touched)
        else:
            cells += self._save_cells(context, works, touched, watch)
        return Outcome(
            claim.rows,
            len(claim.keys.hour),
            saved.count,
            saved.changed,
            cells,
            claim.oldest,
            watch.seconds,
        )

    def _save_facts(self, context: Context, works: list[Work], rules: FactRules, watch: _Stopwatch) -> _Saved:
        """Compute and write facts, and the hours of indicators of raw readings, batch by batch."""
        job = partial(
            _computed, (Setting(rules, context.registry, context.parameters), pooling.recipes_by_quantity())
        )
        saved = _Saved()
        for batch in in_batches(works, self._settings.readings_max):
            readings = load_readings(context.connection, batch, self._read)
            watch.lap("load readings")
            zones = [context.time_zone(SubjectKind.SENSOR, work.sensor.id) for work in batch]
            parts = context.executor.map(job, list(zip(batch, readings, zones, strict=True)))
            found = [part for part in parts if part is not None]
            watch.lap("compute facts")
            if found:
                facts = joined([facts for facts, _ in found])
                saved.count += len(facts)
                provisional = context.provisional(facts.hour + HOUR_US)
                changed = saving.save_facts(context.connection, facts, provisional)
                saved.changed += len(changed[0])
                saved.touched.append(changed)
                watch.lap("save facts")
                self._save_hours(context, [one for _, terms in found for one in terms], facts, saved)
                watch.lap("save hours of readings")
        return saved

    @staticmethod
    def _save_hours(context: Context, terms: list[HourTerms], facts: HourFacts, saved: _Saved) -> None:
        """Write the terms of hours; where readings have been dropped, what was known stays."""
        if not terms:
            return
        mine = np.isin(facts.sensor_id, np.unique([one.sensor_id for one in terms]))
        kept = saving.accepted_hours(context.connection, facts.take(mine))
        saved.cells += saving.save_blocks(context, pooling.hour_blocks(context, terms, kept))
        saved.touched.append((kept.subject_id, kept.hour))

    def _save_cells(
        self, context: Context, works: list[Work], touched: SubjectHours, watch: _Stopwatch
    ) -> int:
        """Write every value that the touched hours of sensors go into, shorter periods first."""
        feeders = interruptions.load_feeders(context)
        starts = interruptions.update(context, works, feeders)
        supplied = supply.touched_sites(context, touched, starts, feeders)
        watch.lap("interruptions")
        written = saving.save_blocks(context, roll_up.sensor_days(context, touched))
        watch.lap("sensor days")
        for period in (Period.MONTH, Period.QUARTER, Period.YEAR):
            blocks = roll_up.longer_periods(context, SubjectKind.SENSOR, period, touched)
            written += saving.save_blocks(context, blocks)
        watch.lap("sensor months and years")
        for blocks in pooling.sensor_blocks(context, touched):
            written += saving.save_blocks(context, blocks)
        for blocks in pooling.subject_blocks(context, touched, SubjectKind.SITE):
            written += saving.save_blocks(context, blocks)
        watch.lap("readings of sensors and sites")
        sites = series.site_blocks(context, touched, _open(context, touched))
        watch.lap("compute site series")
        written += saving.save_blocks(context, sites)
        watch.lap("save site series")
        scheduling.lock_areas(context.connection, context.registry)
        watch.lap("wait for areas")
        written += saving.save_blocks(context, series.area_blocks(context, sites))
        watch.lap("areas of series")
        areas = _areas(context.registry, touched)
        written += saving.save_blocks(context, roll_up.area_hours(context, areas))
        watch.lap("area hours")
        for blocks in self._longer(context, areas, supplied, feeders):
            written += saving.save_blocks(context, blocks)
        watch.lap("area days, months and years")
        for blocks in pooling.subject_blocks(context, touched, SubjectKind.AREA):
            written += saving.save_blocks(context, blocks)
        watch.lap("readings of areas")
        for blocks in derived_blocks(context, touched, supplied):
            written += saving.save_blocks(context, blocks)
        watch.lap("formulas and histories")
        return written

    @staticmethod
    def _longer(
        context: Context,
        areas: SubjectHours,
        supplied: SubjectHours,
        feeders: dict[int, interruptions.Feeder],
    ) -> Iterator[list[Block]]:
        for period in (Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR):
            yield roll_up.longer_periods(context, SubjectKind.AREA, period, areas)
        for period in (Period.DAY, Period.MONTH):
            yield list(supply.supply_blocks(context, supplied, feeders, period))
        for period in (Period.QUARTER, Period.YEAR):
            yield list(supply.sums_of_months(context, supplied, feeders, period))


def _computed(
    setting: tuple[Setting, Mapping[str, list[ReadingsRecipe]]], sensor: tuple[Work, Readings, str]
) -> tuple[HourFacts, list[HourTerms]] | None:
    """Return facts and terms of one sensor, which no other depends on; None before its first reading."""
    (shared, by_quantity), (work, readings, zone) = setting, sensor
    runs = run_facts(work, readings, shared.rules)
    if not runs:
        return None
    recipes = [(recipe, zone) for recipe in by_quantity.get(work.sensor.quantity, ())]
    return joined([run.facts for run in runs]), list(hour_terms(work, readings, runs, recipes, shared))


def _open(context: Context, touched: SubjectHours) -> SubjectHours:
    going_on = context.provisional(touched.hour + HOUR_US)
    return SubjectHours(touched.subject_id[going_on], touched.hour[going_on])


def _areas(registry: Registry, touched: SubjectHours) -> SubjectHours:
    """Return the hours of the areas in which the sensors stood then."""
    sites = registry.places.site_at(touched.subject_id, touched.hour)
    known = sites != NOWHERE
    row, area = registry.site_areas.expand(sites[known])
    return distinct_hours(area, touched.hour[known][row])
