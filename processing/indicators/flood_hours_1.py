"""Hours with the water level at or above alarm I."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processing.indicators import flood
from processing.indicators.recipes import AreaRule, ReadingsRecipe

if TYPE_CHECKING:
    from processing.indicators.recipes import Finished, Pooled, SensorWindows, WindowTerms

INDICATOR: Final = flood.hours_indicator(1)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return seconds at or above the level and seconds with a known one."""
    return flood.hour_terms(windows, 1)


def finish(pooled: Pooled) -> Finished:
    """Return hours."""
    return flood.hours(pooled, 1)


RECIPE: Final = ReadingsRecipe(
    INDICATOR, ("water_level",), terms, finish, (flood.alarm_parameter(1),), AreaRule.HIGHEST
)
