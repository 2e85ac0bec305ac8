"""Day-evening-night noise level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.text import Text
from processing.indicators import noise
from processing.indicators.recipes import AreaRule, Finished, ReadingsRecipe
from processing.kernels import noise as levels

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows, WindowTerms

_SOURCE: Final = "Directive 2002/49/EC, annex I"
INDICATOR: Final = noise.definition(
    "noise_lden",
    Text("Mức ồn ngày-chiều-đêm Lden", "Day-evening-night level Lden"),
    Text(
        "10 lg của trung bình theo số giờ của 10^(Ld/10), 10^((Le+5)/10), 10^((Ln+10)/10); ngày 07-19, chiều "
        "19-23, đêm 23-07 (tham số), số giờ theo khung giờ.",
        "10 lg of the mean of 10^(Ld/10), 10^((Le+5)/10), 10^((Ln+10)/10) weighted by hours; day 07-19, "
        "evening 19-23, night 23-07 (parameters), weights by the configured hours.",
    ),
    _SOURCE,
    noise.LONG,
)
PARAMETERS: Final = (
    noise.hour_parameter("day_from_hour", 7.0, "Đầu ban ngày", "Begin of the day", _SOURCE),
    noise.hour_parameter("evening_from_hour", 19.0, "Đầu buổi chiều tối", "Begin of the evening", _SOURCE),
    noise.hour_parameter("night_from_hour", 23.0, "Đầu ban đêm", "Begin of the night", _SOURCE),
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return energy and seconds covered of day, evening and night."""
    day, evening, night = (windows.parameters[one.name] for one in PARAMETERS)
    return noise.band_terms(windows, [(day, evening), (evening, night), (night, day)])


def finish(pooled: Pooled) -> Finished:
    """Return Lden, with the three levels beside it; none where a part of the day has no level."""
    day, evening, night = (pooled.parameters[one.name] for one in PARAMETERS)
    sums = pooled.terms.sums
    parts = [levels.leq(sums[:, k], sums[:, k + 1]) for k in (0, 2, 4)]
    hours = ((evening - day) % 24.0, (night - evening) % 24.0, (day - night) % 24.0)
    value = levels.lden_levels(parts[0], parts[1], parts[2], *hours)
    names = ("l_day", "l_evening", "l_night")
    rows = np.stack(parts, axis=1).tolist()
    return Finished(value, [dict(zip(names, row, strict=True)) for row in rows])


RECIPE: Final = ReadingsRecipe(INDICATOR, ("sound_level",), terms, finish, PARAMETERS, AreaRule.HIGHEST)
