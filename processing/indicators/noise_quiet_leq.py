"""Equivalent noise level of the quiet hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.text import Text
from processing.indicators import noise
from processing.indicators.recipes import AreaRule, Finished, ReadingsRecipe
from processing.kernels import noise as levels

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows, WindowTerms

_SOURCE: Final = "Nghị định 144/2021/NĐ-CP, Điều 8 (22:00-06:00)"
INDICATOR: Final = noise.definition(
    "noise_quiet_leq",
    Text("Mức ồn tương đương giờ yên tĩnh", "Equivalent noise level of quiet hours"),
    Text(
        "LAeq của các giờ yên tĩnh, 22:00-06:00 giờ địa phương.",
        "LAeq of the quiet hours, 22:00-06:00 local time.",
    ),
    _SOURCE,
    noise.LONG,
)
PARAMETERS: Final = (
    noise.hour_parameter("quiet_from_hour", 22.0, "Đầu giờ yên tĩnh", "Begin of quiet hours", _SOURCE),
    noise.hour_parameter("quiet_to_hour", 6.0, "Cuối giờ yên tĩnh", "End of quiet hours", _SOURCE),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return energy and seconds covered of the quiet hours."""
    asked = windows.parameters
    return noise.band_terms(windows, [(asked["quiet_from_hour"], asked["quiet_to_hour"])])


def finish(pooled: Pooled) -> Finished:
    """Return the level."""
    energy, seconds = pooled.terms.sums.T
    return Finished(levels.leq(energy, seconds))


RECIPE: Final = ReadingsRecipe(INDICATOR, ("sound_level",), terms, finish, PARAMETERS, AreaRule.HIGHEST)
