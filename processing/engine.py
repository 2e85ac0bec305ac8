"""The only place where claims, readings, kernels, indicators and tables meet.

One claim is one transaction: the keys leave the queue, facts, interruptions and indicator values are written,
or nothing happened at all. Several engines may run: keys are claimed with SKIP LOCKED, and whoever computes a
sensor, a site or an area holds its lock until it commits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import SubjectKind
from domain.periods import Period
from processing import interruptions, roll_up, saving, scheduling, series, supply
from processing.arrays import adapt
from processing.cells import SubjectHours, distinct_hours
from processing.context import Context
from processing.definitions import sync
from processing.executor import executor_of
from processing.facts import joined, sensor_facts
from processing.grid import HOUR_US
from processing.judging import load_targets
from processing.loading import Readings, Work, in_batches, load_readings, load_work
from processing.registry import NOWHERE, load_registry
from processing.spans import FactRules
from store import statement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    import psycopg
    from psycopg.rows import TupleRow

    from processing.cells import Block
    from processing.columns import HourFacts, Ints
    from processing.registry import Registry
    from processing.scheduling import Claim
    from processing.settings import ProcessingSettings

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
    ) -> None:
        """Prepare the connection (autocommit) and the indicators' definitions.

        Args:
            connection: in autocommit mode; the engine opens its own transactions.
            settings: of the service.
            clock: now in microseconds UTC; the database's clock unless given.
        """
        self._connection = connection
        self._settings = settings
        self._clock = clock or (lambda: scheduling.read_clock(connection))
        self._executor = executor_of(settings.threads)
        adapt(connection)
        connection.execute(
            statement("processing", "set_patience"),
            {
                "lock_timeout_ms": str(round(settings.lock_timeout_s * 1000)),
                "statement_timeout_ms": str(round(settings.statement_timeout_s * 1000)),
            },
        )
        with connection.transaction():
            self._indicator_ids = sync(connection)

    @property
    def _grace_us(self) -> int:
        return round(self._settings.grace_s * _SECOND_US)

    def process_dirty(self, claim_max: int | None = None) -> Outcome | None:
        """Compute the oldest keys of the queue; None when it is empty."""
        with self._connection.transaction():
            claim = scheduling.claim_dirty(self._connection, claim_max or self._settings.claim_keys_max)
            return None if claim is None else self._process(claim, self._clock())

    def process_closing(self) -> Outcome | None:
        """Close the hours that are over; None when there are none."""
        with self._connection.transaction():
            now, limit = self._clock(), self._settings.claim_keys_max
            claim = scheduling.claim_closing(self._connection, now, self._grace_us, limit)
            return None if claim is None else self._process(claim, now)

    def process_open(self) -> Outcome | None:
        """Bring all open hours up to date; None when there are none."""
        with self._connection.transaction():
            now = self._clock()
            claim = scheduling.claim_open(self._connection, now, self._settings.claim_keys_max)
            return None if claim is None else self._process(claim, now)

    def process_stale(self) -> Outcome | None:
        """Close the values of periods that are over; None when there are none."""
        with self._connection.transaction():
            now, limit = self._clock(), self._settings.claim_keys_max
            claim = scheduling.claim_stale(self._connection, now, self._grace_us, limit)
            return None if claim is None else self._process(claim, now)

    def drain(self) -> list[Outcome]:
        """Compute until the queue is empty and every hour that is over is closed."""
        outcomes: list[Outcome] = []
        while outcome := self.process_dirty() or self.process_closing():
            outcomes.append(outcome)
        return outcomes

    def close(self) -> None:
        """End the threads; the connection belongs to the caller."""
        self._executor.close()

    def _process(self, claim: Claim, now: int) -> Outcome:
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
        )
        watch.lap("claim")
        rules = FactRules(
            self._settings.liveness_intervals,
            self._settings.max_gap_intervals,
            round(self._settings.on_time_limit_s * _SECOND_US),
            now,
        )
        works = load_work(connection, registry.sensors, claim.keys, rules)
        count, changed = self._save_facts(context, works, rules, watch)
        touched = distinct_hours(
            np.concatenate((claim.keys.subject_id, *(sensors for sensors, _ in changed))),
            np.concatenate((claim.keys.hour, *(hours for _, hours in changed))),
        )
        known = np.isin(touched.subject_id, np.array(list(registry.sensors), np.int64))
        touched = SubjectHours(touched.subject_id[known], touched.hour[known])
        cells = self._save_cells(context, works, touched, watch)
        facts_changed = sum(len(sensors) for sensors, _ in changed)
        return Outcome(
            claim.rows, len(claim.keys.hour), count, facts_changed, cells, claim.oldest, watch.seconds
        )

    def _save_facts(
        self, context: Context, works: list[Work], rules: FactRules, watch: _Stopwatch
    ) -> tuple[int, list[tuple[Ints, Ints]]]:
        """Compute and write the facts batch by batch; return their number and the keys that changed."""

        def compute(pair: tuple[Work, Readings]) -> HourFacts | None:
            return sensor_facts(pair[0], pair[1], rules)

        count = 0
        changed: list[tuple[Ints, Ints]] = []
        for batch in in_batches(works, self._settings.readings_max):
            readings = load_readings(context.connection, batch)
            watch.lap("load readings")
            parts = [
                part
                for part in context.executor.map(compute, zip(batch, readings, strict=True))
                if part is not None
            ]
            watch.lap("compute facts")
            if parts:
                facts = joined(parts)
                count += len(facts)
                provisional = context.provisional(facts.hour + HOUR_US)
                changed.append(saving.save_facts(context.connection, facts, provisional))
            watch.lap("save facts")
        return count, changed

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
        for period in (Period.MONTH, Period.YEAR):
            blocks = roll_up.longer_periods(context, SubjectKind.SENSOR, period, touched)
            written += saving.save_blocks(context, blocks)
        watch.lap("sensor months and years")
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
        return written

    @staticmethod
    def _longer(
        context: Context,
        areas: SubjectHours,
        supplied: SubjectHours,
        feeders: dict[int, interruptions.Feeder],
    ) -> Iterator[list[Block]]:
        for period in (Period.DAY, Period.MONTH, Period.YEAR):
            yield roll_up.longer_periods(context, SubjectKind.AREA, period, areas)
        for period in (Period.DAY, Period.MONTH):
            yield list(supply.supply_blocks(context, supplied, feeders, period))
        yield list(supply.supply_years(context, supplied, feeders))


def _open(context: Context, touched: SubjectHours) -> SubjectHours:
    going_on = context.provisional(touched.hour + HOUR_US)
    return SubjectHours(touched.subject_id[going_on], touched.hour[going_on])


def _areas(registry: Registry, touched: SubjectHours) -> SubjectHours:
    """Return the hours of the areas in which the sensors stood then."""
    sites = registry.places.site_at(touched.subject_id, touched.hour)
    known = sites != NOWHERE
    row, area = registry.site_areas.expand(sites[known])
    return distinct_hours(area, touched.hour[known][row])
