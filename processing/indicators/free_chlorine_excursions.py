"""Free residual chlorine: excursions from the limits of drinking water."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processing.indicators import drinking_water
from processing.indicators.recipes import ReadingsRecipe

if TYPE_CHECKING:
    from processing.indicators.recipes import Finished, Pooled, SensorWindows, WindowTerms

INDICATOR: Final = drinking_water.excursions_indicator("free_chlorine")


def terms(windows: SensorWindows) -> WindowTerms:
    """Return seconds within the limits, seconds with a known value, and the excursions."""
    return drinking_water.terms(windows, "free_chlorine")


def finish(pooled: Pooled) -> Finished:
    """Return the number of excursions."""
    return drinking_water.excursions(pooled, "free_chlorine")


RECIPE: Final = ReadingsRecipe(
    INDICATOR, ("free_chlorine",), terms, finish, drinking_water.limits("free_chlorine")
)
