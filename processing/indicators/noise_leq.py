"""Equivalent continuous noise level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.periods import Period
from domain.text import Text
from processing.indicators import noise
from processing.indicators.recipes import AreaRule, Finished, ReadingsRecipe
from processing.kernels import noise as levels

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows, WindowTerms

INDICATOR: Final = noise.definition(
    "noise_leq",
    Text("Mức ồn tương đương LAeq", "Equivalent noise level LAeq"),
    Text(
        "10 lg(tổng t_i 10^(L_i/10) / tổng t_i); không bao giờ trung bình cộng decibel.",
        "10 lg(sum t_i 10^(L_i/10) / sum t_i); decibels are never averaged arithmetically.",
    ),
    "ISO 1996-1; QCVN 26:2010/BTNMT",
    tuple(Period),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return energy and seconds covered."""
    return noise.band_terms(windows, [(0.0, 24.0)])


def finish(pooled: Pooled) -> Finished:
    """Return the level."""
    energy, seconds = pooled.terms.sums.T
    return Finished(levels.leq(energy, seconds))


RECIPE: Final = ReadingsRecipe(INDICATOR, ("sound_level",), terms, finish, (), AreaRule.HIGHEST)
