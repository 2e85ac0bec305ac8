"""Day-night noise level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.text import Text
from processing.indicators import noise
from processing.indicators.recipes import AreaRule, Finished, ReadingsRecipe
from processing.kernels import noise as levels

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows, WindowTerms

_SOURCE: Final = "U.S. EPA 550/9-74-004"
INDICATOR: Final = noise.definition(
    "noise_ldn",
    Text("Mức ồn ngày-đêm Ldn", "Day-night level Ldn"),
    Text(
        "10 lg của trung bình theo số giờ của 10^(Ld/10) và 10^((Ln+10)/10); ngày 07-22, đêm 22-07 "
        "(tham số).",
        "10 lg of the mean of 10^(Ld/10) and 10^((Ln+10)/10) by hours; day 07-22, night 22-07 (parameters).",
    ),
    _SOURCE,
    noise.LONG,
)
PARAMETERS: Final = (
    noise.hour_parameter("day_from_hour", 7.0, "Đầu ban ngày", "Begin of the day", _SOURCE),
    noise.hour_parameter("night_from_hour", 22.0, "Đầu ban đêm", "Begin of the night", _SOURCE),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return energy and seconds covered of day and night."""
    day, night = (windows.parameters[one.name] for one in PARAMETERS)
    return noise.band_terms(windows, [(day, night), (night, day)])


def finish(pooled: Pooled) -> Finished:
    """Return Ldn, with the two levels beside it; none where a part of the day has no level."""
    day, night = (pooled.parameters[one.name] for one in PARAMETERS)
    sums = pooled.terms.sums
    parts = [levels.leq(sums[:, k], sums[:, k + 1]) for k in (0, 2)]
    value = levels.ldn(parts[0], parts[1], (night - day) % 24.0, (day - night) % 24.0)
    rows = np.stack(parts, axis=1).tolist()
    return Finished(value, [dict(zip(("l_day", "l_night"), row, strict=True)) for row in rows])


RECIPE: Final = ReadingsRecipe(INDICATOR, ("sound_level",), terms, finish, PARAMETERS, AreaRule.HIGHEST)
