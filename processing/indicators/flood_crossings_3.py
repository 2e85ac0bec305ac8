"""How often the water level rose to alarm III."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processing.indicators import flood
from processing.indicators.recipes import AreaRule, ReadingsRecipe

if TYPE_CHECKING:
    from processing.indicators.recipes import Finished, Pooled, SensorWindows, WindowTerms

INDICATOR: Final = flood.crossings_indicator(3)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return the passages upwards and back, instant by instant."""
    return flood.crossing_terms(windows, 3)


def finish(pooled: Pooled) -> Finished:
    """Return the number of crossings."""
    return flood.crossings(pooled, 3)


RECIPE: Final = ReadingsRecipe(
    INDICATOR,
    ("water_level",),
    terms,
    finish,
    (flood.alarm_parameter(3), flood.HYSTERESIS),
    AreaRule.HIGHEST,
)
