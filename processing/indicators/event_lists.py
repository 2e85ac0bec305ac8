"""Lists of instants among additive terms, for indicators that must pair what begins with what ends.

A pair may lie days apart, in windows that are computed at different times. So each window keeps its own
events, as the buckets of its sketch, and merging the windows of a period puts them in order. Nothing is lost:
a bucket number holds the instant and the kind of one event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from processing.indicators.held_values import window_of
from processing.indicators.recipes import Sketch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from processing.columns import Ints
    from processing.indicators.recipes import SensorWindows

# Microseconds x 4 stay below 2^53 until the year 2041, so that a float64 holds a bucket number exactly.
_KINDS_MAX: Final = 4


def listed(windows: SensorWindows, instants: Ints, kinds: Ints) -> Sketch:
    """Return the events that lie in windows; kinds are 0 .. 3 and order events of one instant."""
    row = window_of(windows, instants)
    inside = row >= 0
    row, bucket = row[inside], (instants * _KINDS_MAX + kinds)[inside]
    order = np.lexsort((bucket, row))
    return Sketch(row[order], bucket[order], np.ones(len(order), np.int64))


def events(sketch: Sketch | None, rows: int) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the instants and the kinds of each row's events, in order of time."""
    if sketch is None:
        sketch = Sketch(*(np.empty(0, np.int64) for _ in range(3)))
    bounds = np.searchsorted(sketch.row, np.arange(rows + 1))
    for k in range(rows):
        bucket = sketch.bucket[bounds[k] : bounds[k + 1]]
        yield (bucket // _KINDS_MAX).tolist(), (bucket % _KINDS_MAX).tolist()
