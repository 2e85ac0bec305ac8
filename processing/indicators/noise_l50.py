"""Noise level exceeded 50 % of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.periods import Period
from domain.text import Text
from processing.indicators import noise
from processing.indicators.recipes import AreaRule, ReadingsRecipe

if TYPE_CHECKING:
    from processing.indicators.recipes import Finished, Pooled, SensorWindows, WindowTerms

INDICATOR: Final = noise.definition(
    "noise_l50",
    Text("Mức ồn L50", "Noise level L50"),
    Text(
        "Mức bị vượt 50 % số đo, nội suy tuyến tính h = (n - 1) p, bậc 0,1 dB.",
        "Level exceeded by 50 % of the readings, linear interpolation h = (n - 1) p, in steps of 0.1 dB.",
    ),
    "ISO 1996-1, percentage exceedance level",
    tuple(Period),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return the readings counted by level."""
    return noise.level_terms(windows)


def finish(pooled: Pooled) -> Finished:
    """Return the level."""
    return noise.level_exceeded(pooled, 50.0)


RECIPE: Final = ReadingsRecipe(INDICATOR, ("sound_level",), terms, finish, (), AreaRule.HIGHEST)
