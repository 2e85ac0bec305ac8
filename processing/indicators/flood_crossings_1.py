"""How often the water level rose to alarm I."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processing.indicators import flood
from processing.indicators.recipes import AreaRule, ReadingsRecipe

if TYPE_CHECKING:
    from processing.indicators.recipes import Finished, Pooled, SensorWindows, WindowTerms

INDICATOR: Final = flood.crossings_indicator(1)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return the passages upwards and back, instant by instant."""
    return flood.crossing_terms(windows, 1)


def finish(pooled: Pooled) -> Finished:
    """Return the number of crossings."""
    return flood.crossings(pooled, 1)


RECIPE: Final = ReadingsRecipe(
    INDICATOR,
    ("water_level",),
    terms,
    finish,
    (flood.alarm_parameter(1), flood.HYSTERESIS),
    AreaRule.HIGHEST,
)
