"""Values of the family that reads interruptions, of a file or of a feeder's states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from processing.columns import NO_INSTANT, Cells
from processing.compute import events as interruptions
from processing.compute.errors import NothingToComputeError
from processing.compute.inputs import WHOLE
from processing.compute.items import Values
from processing.compute.times import text_of
from processing.grid import period_edges
from processing.indicators.recipes import Interruptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from domain.indicators import SubjectKind
    from domain.periods import Period
    from processing.columns import Bools, Floats, Ints
    from processing.compute.events import Events
    from processing.compute.inputs import Inputs
    from processing.indicators.recipes import InterruptionRecipe

_SUPPLY: Final = "supply_state"
_LONGEST_MAX: Final = 3


def interruption_values(
    inputs: Inputs, recipe: InterruptionRecipe, kind: SubjectKind, periods: Sequence[Period]
) -> list[Values]:
    """Return the values over the periods, from the first interruption to the last known instant.

    Raises:
        NothingToComputeError: there are neither interruptions nor states of a feeder.
        ParameterError: nobody said how many customers are served.
    """
    events = _events(inputs, recipe)
    served = interruptions.customers_served(inputs.customers)
    found: list[Values] = []
    counted = events.counting(inputs.planned)
    durations, customers = events.duration_s()[counted], events.customers[counted]
    starts = events.start[counted]
    each = recipe.terms(Interruptions(durations, customers))
    for period in periods:
        edges = period_edges(events.first, max(events.until, events.first + 1), period, inputs.zone.key)
        count = len(edges) - 1
        row = np.searchsorted(edges, starts, side="right") - 1
        cells = Cells(
            edges[:-1],
            edges[1:],
            np.bincount(row, weights=each, minlength=count) / served,
            np.bincount(row[each > 0], minlength=count),
            np.full(count, events.completeness),
        )
        details = [_longest(row == k, each > 0, starts, durations, inputs.zone) for k in range(count)]
        found.append(Values(recipe.indicator, kind.value, WHOLE, period, cells, details))
    return found


def _events(inputs: Inputs, recipe: InterruptionRecipe) -> Events:
    if inputs.events is not None:
        if not len(inputs.events.start):
            # Nothing says over which time nothing was interrupted.
            raise NothingToComputeError(
                recipe.indicator.code, "no interruptions", "one row or more in --events"
            )
        return inputs.events
    feeders = [one for one in inputs.series if one.quantity in {_SUPPLY, None}]
    if not feeders:
        raise NothingToComputeError(
            recipe.indicator.code,
            "no interruptions",
            "--events FILE (start,end,customers,planned,excluded_reason) or readings of supply_state",
        )
    # The engine's module talks to the database; only its arithmetic is wanted.
    from processing.interruptions import derived  # noqa: PLC0415

    ts, value = feeders[0].counting()
    off, _ = derived(ts, value, NO_INSTANT, int(np.iinfo(np.int64).max // 2))
    life = inputs.rules.life(feeders[0])
    return interruptions.of_states(off, inputs.customers or 0.0, life)


def _longest(mine: Bools, counted: Bools, starts: Ints, durations: Floats, zone: ZoneInfo) -> dict[str, Any]:
    chosen = np.flatnonzero(mine & counted)
    order = chosen[np.lexsort((starts[chosen], -durations[chosen]))][:_LONGEST_MAX]
    found: dict[str, Any] = {"interruptions": len(chosen)}
    if len(order):
        found["longest"] = [
            {"started_at": text_of(int(starts[k]), zone), "minutes": round(float(durations[k]) / 60, 3)}
            for k in order
        ]
    return found
