"""From readings to the batches that gateways send."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from device_sim import chances
from device_sim.faults import Fault
from ingest.formats import Row, encode_columns, encode_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from device_sim.city import City
    from device_sim.faults import FaultRates
    from device_sim.measurement import Readings
    from device_sim.truth import TruthLog

_DUPLICATE_STREAM: Final = 11
_ORDER_STREAM: Final = 12
_VALUES_PER_MESSAGE_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """What a gateway sends in one message.

    Attributes:
        gateway: its code.
        readings: how many.
        encode: makes the payload that carries a batch id.
    """

    gateway: str
    readings: int
    encode: Callable[[int], bytes]


class Fleet:
    """The gateways of a city and how they pack their readings."""

    def __init__(self, city: City, rates: FaultRates, truth: TruthLog) -> None:
        self._city = city
        self._rates = rates
        self._truth = truth
        self._names = [sensor.name for sensor in city.sensors]
        self._wrong_units = [sensor.kind.wrong_unit for sensor in city.sensors]
        self._gateway_of = np.array([sensor.gateway for sensor in city.sensors], dtype=np.int64)

    def group(self, number: int, groups: int) -> NDArray[np.int64]:
        """Return the sensors of every `groups`-th gateway, ascending; gateways of a group send together."""
        return np.flatnonzero(self._gateway_of % groups == number)

    def live_batches(self, readings: Readings, start_s: float, end_s: float) -> Iterator[Batch]:
        """Yield one message per gateway, all its sensors in it; some doubled or shuffled, as faults will."""
        owner = self._gateway_of[readings.sensor]
        gateways, first = np.unique(owner, return_index=True)
        last = np.append(first[1:], len(owner))
        moment = np.full(len(gateways), int(end_s), dtype=np.int64)
        doubled = (
            chances.uniform(self._city.seed, _DUPLICATE_STREAM, gateways, moment) < self._rates.duplicate
        )
        shuffled = (
            chances.uniform(self._city.seed, _ORDER_STREAM, gateways, moment) < self._rates.out_of_order
        )
        times = _times(readings.ts_s)
        values: list[float] = readings.value.tolist()
        sensors: list[int] = readings.sensor.tolist()
        wrong: list[bool] = readings.in_wrong_unit.tolist()
        for index, gateway in enumerate(gateways.tolist()):
            rows = [
                Row(self._names[sensors[i]], times[i], values[i], self._unit(sensors[i], is_wrong=wrong[i]))
                for i in range(first[index], last[index])
            ]
            if doubled[index]:
                rows.append(rows[0])
                self._truth.gateway_event(Fault.DUPLICATE, gateway, start_s, end_s)
            if shuffled[index] and len(rows) > 1:
                rows.reverse()
                self._truth.gateway_event(Fault.OUT_OF_ORDER, gateway, start_s, end_s)
            code = self._city.gateways[gateway]
            yield Batch(code, len(rows), partial(encode_rows, rows=rows))

    def history_batches(self, readings: Readings) -> Iterator[Batch]:
        """Yield messages of the column form, one sensor each, as after days without a link."""
        changes = np.flatnonzero(
            (np.diff(readings.sensor) != 0) | (np.diff(readings.in_wrong_unit.astype(np.int8)) != 0)
        )
        bounds = [0, *(changes + 1).tolist(), len(readings.sensor)]
        for start, end in pairwise(bounds):
            for first in range(start, end, _VALUES_PER_MESSAGE_MAX):
                last = min(end, first + _VALUES_PER_MESSAGE_MAX)
                sensor = int(readings.sensor[first])
                yield Batch(
                    self._city.gateways[self._gateway_of[sensor]],
                    last - first,
                    partial(
                        encode_columns,
                        sensor=self._names[sensor],
                        ts_s=_times(readings.ts_s[first:last]),
                        value=readings.value[first:last].tolist(),
                        unit=self._unit(sensor, is_wrong=bool(readings.in_wrong_unit[first])),
                    ),
                )

    def _unit(self, sensor: int, *, is_wrong: bool) -> str | None:
        # A device that keeps to its registered unit does not name it.
        return self._wrong_units[sensor] if is_wrong else None


def _times(ts_s: NDArray[np.float64]) -> list[float]:
    """Return times for a payload: whole seconds as integers, which are shorter."""
    whole = ts_s.astype(np.int64)
    times: list[float] = whole.tolist() if np.array_equal(whole, ts_s) else np.round(ts_s, 3).tolist()
    return times
