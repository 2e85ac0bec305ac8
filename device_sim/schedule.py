"""When which episode happens: drawn per fault and day from the seed, so any day can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from device_sim.faults import (
    CLOCK_OFFSET_S,
    DRIFT_SHARE_PER_DAY,
    GATEWAY_EPISODES,
    SPANS,
    Fault,
    FaultRates,
)
from device_sim.rhythms import DAY_S
from domain.quantities import QuantityKind
from domain.registry import SiteKind

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from device_sim.city import City

_SCHEDULE_STREAM: Final = 7
_FAULT_NUMBER: Final = {fault: number for number, fault in enumerate(Fault)}
# Between two episodes of a kind on the same thing there is time to see that it works again.
_REST_S: Final = 1200.0


@dataclass(frozen=True, slots=True)
class Episode:
    """One fault with a start and an end.

    Attributes:
        fault: what it is.
        target: position of the gateway, sensor or site in the city.
        start_s: epoch seconds.
        end_s: epoch seconds, exclusive.
        size: how strong; its meaning depends on the fault.
    """

    fault: Fault
    target: int
    start_s: float
    end_s: float
    size: float = 0.0

    def overlaps(self, start_s: float, end_s: float) -> bool:
        """Say whether it touches [start, end); a moment without length counts where it falls."""
        return self.start_s < end_s and (self.end_s > start_s or self.start_s >= start_s)


class Schedule:
    """The episodes of a city."""

    def __init__(self, city: City, rates: FaultRates) -> None:
        self._seed = city.seed
        self._rates = rates
        self._targets = _targets(city)
        self._feeders: dict[int, set[int]] = {}
        for sensor in city.sensors:
            if city.sites[sensor.site].kind is SiteKind.FEEDER:
                self._feeders.setdefault(sensor.gateway, set()).add(sensor.site)
        self._drawn: dict[tuple[Fault, int], list[Episode]] = {}
        self._accepted: dict[tuple[Fault, int], list[Episode]] = {}

    def between(self, fault: Fault, start_s: float, end_s: float) -> list[Episode]:
        """Return the episodes that touch [start, end), by start."""
        first = int((start_s - SPANS[fault].most_s) // DAY_S)
        last = int(end_s // DAY_S)
        return [
            episode
            for day in range(first, last + 1)
            for episode in self._day(fault, day)
            if episode.overlaps(start_s, end_s)
        ]

    def forget_before(self, moment_s: float) -> None:
        """Free what was kept of long past days; asked again, it would be drawn again."""
        oldest = int(moment_s // DAY_S) - 8
        for kept in (self._drawn, self._accepted):
            for key in [key for key in kept if key[1] < oldest]:
                del kept[key]

    def _day(self, fault: Fault, day: int) -> list[Episode]:
        known = self._accepted.get((fault, day))
        if known is None:
            known = self._accept(fault, day)
            self._accepted[fault, day] = known
        return known

    def _accept(self, fault: Fault, day: int) -> list[Episode]:
        """Return a day's draws without those that would run into another of their kind."""
        days_back = int(SPANS[fault].most_s // DAY_S) + 1
        earlier = [other for back in range(days_back, 0, -1) for other in self._draw(fault, day - back)]
        busy: dict[int, list[Episode]] = {}
        for other in earlier:
            busy.setdefault(other.target, []).append(other)
        accepted: list[Episode] = []
        for episode in self._draw(fault, day):
            others = busy.setdefault(episode.target, [])
            if not any(episode.start_s < other.end_s + _REST_S for other in others) and not self._hides(
                episode
            ):
                accepted.append(episode)
            others.append(episode)
        return accepted

    def _hides(self, episode: Episode) -> bool:
        """Say whether a gateway's fault would hide an interruption that its feeders must report."""
        if episode.fault not in GATEWAY_EPISODES:
            return False
        feeders = self._feeders.get(episode.target, set())
        return bool(feeders) and any(
            interruption.target in feeders
            for interruption in self.between(
                Fault.SUPPLY_INTERRUPTION, episode.start_s - _REST_S, episode.end_s + _REST_S
            )
        )

    def _draw(self, fault: Fault, day: int) -> list[Episode]:
        known = self._drawn.get((fault, day))
        if known is None:
            known = self._new_draw(fault, day)
            self._drawn[fault, day] = known
        return known

    def _new_draw(self, fault: Fault, day: int) -> list[Episode]:
        targets = self._targets[fault]
        rate = self._rates.of(fault)
        if rate == 0.0 or len(targets) == 0 or day < 0:
            return []
        rng = np.random.default_rng([self._seed, _SCHEDULE_STREAM, _FAULT_NUMBER[fault], day])
        count = int(rng.poisson(rate * len(targets)))
        target = targets[rng.integers(0, len(targets), count)]
        start_s = day * DAY_S + np.sort(np.floor(rng.uniform(0, DAY_S, count)))
        length_s = _lengths(rng, fault, count)
        size = _sizes(rng, fault, count)
        return [
            Episode(fault, int(target[i]), float(start_s[i]), float(start_s[i] + length_s[i]), float(size[i]))
            for i in range(count)
        ]


def _lengths(rng: Generator, fault: Fault, count: int) -> NDArray[np.float64]:
    span = SPANS[fault]
    share = rng.random(count)
    if span.most_s == 0:
        return np.zeros(count)
    length = span.least_s * (span.most_s / span.least_s) ** share
    if span.brief_share:
        brief = rng.random(count) < span.brief_share
        length[brief] = span.brief_least_s * (span.brief_most_s / span.brief_least_s) ** share[brief]
    return np.floor(length)


def _sizes(rng: Generator, fault: Fault, count: int) -> NDArray[np.float64]:
    share = rng.random(count)
    if fault is Fault.CLOCK_SKEW:
        return np.round(CLOCK_OFFSET_S[0] + share * (CLOCK_OFFSET_S[1] - CLOCK_OFFSET_S[0]), 3)
    if fault is Fault.DRIFT:
        sign = np.where(rng.random(count) < 0.5, -1.0, 1.0)  # noqa: PLR2004 # a coin
        low, high = DRIFT_SHARE_PER_DAY
        return np.round(sign * (low + share * (high - low)), 3)
    return np.zeros(count)


def _targets(city: City) -> dict[Fault, NDArray[np.int64]]:
    """Return which positions of the city each fault may hit."""
    kinds = [sensor.kind for sensor in city.sensors]
    gauges = [i for i, kind in enumerate(kinds) if kind.definition.kind is QuantityKind.GAUGE]
    counters = [i for i, kind in enumerate(kinds) if kind.definition.kind is QuantityKind.COUNTER]
    measuring = sorted([*gauges, *counters])
    in_wrong_unit = [i for i, kind in enumerate(kinds) if kind.wrong_unit is not None]
    feeders = [i for i, site in enumerate(city.sites) if site.kind is SiteKind.FEEDER]
    per_fault: dict[Fault, list[int]] = {fault: list(range(len(city.gateways))) for fault in GATEWAY_EPISODES}
    per_fault |= {
        Fault.SENSOR_OUTAGE: measuring,
        Fault.STUCK: gauges,
        Fault.DRIFT: gauges,
        Fault.WRONG_UNIT: in_wrong_unit,
        Fault.COUNTER_REBOOT: counters,
        Fault.SUPPLY_INTERRUPTION: feeders,
    }
    return {fault: np.array(positions, dtype=np.int64) for fault, positions in per_fault.items()}
