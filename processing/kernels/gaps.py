"""Spans of time of many sensors: put together where they touch, and cut where hours are known already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processing.kernels.compilation import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

_HOUR_US: Final = 3_600_000_000


@kernel
def merged_spans(sensor: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the same time as disjoint spans that do not touch, without empty ones.

    Args:
        sensor: shape (s,), sorted.
        start: shape (s,), microseconds UTC, ascending within a sensor.
        end: shape (s,), exclusive.
    """
    owners = np.empty(len(sensor), np.int64)
    starts = np.empty(len(sensor), np.int64)
    ends = np.empty(len(sensor), np.int64)
    count = 0
    for i in range(len(sensor)):
        if end[i] <= start[i]:
            continue
        if count and owners[count - 1] == sensor[i] and start[i] <= ends[count - 1]:
            ends[count - 1] = max(ends[count - 1], end[i])
            continue
        owners[count], starts[count], ends[count] = sensor[i], start[i], end[i]
        count += 1
    return owners[:count], starts[:count], ends[:count]


@kernel
def spans_without_hours(
    sensor: Ints, start: Ints, end: Ints, hour_sensor: Ints, hour: Ints
) -> tuple[Ints, Ints, Ints]:
    """Return what is left of disjoint spans when some whole hours are taken out.

    Args:
        sensor: shape (s,), sorted.
        start: shape (s,), ascending within a sensor.
        end: shape (s,), exclusive.
        hour_sensor: shape (h,), sorted; whose hour it is.
        hour: shape (h,), starts of hours, ascending within a sensor.
    """
    owners = np.empty(len(sensor) + len(hour), np.int64)
    starts = np.empty(len(sensor) + len(hour), np.int64)
    ends = np.empty(len(sensor) + len(hour), np.int64)
    count = 0
    k = 0
    for i in range(len(sensor)):
        begin = start[i]
        while k < len(hour) and (
            hour_sensor[k] < sensor[i] or (hour_sensor[k] == sensor[i] and hour[k] + _HOUR_US <= begin)
        ):
            k += 1
        while k < len(hour) and hour_sensor[k] == sensor[i] and hour[k] < end[i]:
            if hour[k] > begin:
                owners[count], starts[count], ends[count] = sensor[i], begin, hour[k]
                count += 1
            begin = hour[k] + _HOUR_US
            if begin > end[i]:
                # The hour reaches into the sensor's next span.
                break
            k += 1
        if begin < end[i]:
            owners[count], starts[count], ends[count] = sensor[i], begin, end[i]
            count += 1
    return owners[:count], starts[:count], ends[:count]
