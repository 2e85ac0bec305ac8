"""Share of time with noise above the limit of its area and hour."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.quantities import Service
from domain.text import Text
from processing.indicators import held_values, local_hours, noise
from processing.indicators.recipes import Finished, Parameter, ReadingsRecipe, WindowTerms, ratio
from processing.rulesets.city_limits import noise_limits

if TYPE_CHECKING:
    from processing.columns import Bools, Floats
    from processing.indicators.recipes import Pooled, SensorWindows

_SOURCE: Final = "QCVN 26:2010/BTNMT; limits of QCVN 26:2025/BNNMT not confirmed"
_ORDINARY: Final = noise_limits().of("ordinary")
INDICATOR: Final = Indicator(
    code="noise_exceedance",
    title=Text("Tỷ lệ thời gian ồn vượt giới hạn", "Share of time above the noise limit"),
    unit="%",
    service=Service.FLOOD_NOISE,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=noise.LONG,
    formula=Text(
        "Thời gian mức âm trên giới hạn của giờ đó / thời gian biết mức âm x 100. Mặc định khu vực thông "
        "thường: 70 dBA 06-21 giờ, 55 dBA 21-06 giờ; khu vực đặc biệt 55/45 khai bằng tham số. QCVN "
        "26:2025/BNNMT đã thay thế nhưng bảng giới hạn CHƯA được xác nhận; đang dùng giá trị 2010.",
        "Time with a level above the limit of the hour / time with a known level x 100. Unless set otherwise "
        "an ordinary area: 70 dBA 06-21 h, 55 dBA 21-06 h; special areas (55/45) are set as parameters. QCVN "
        "26:2025/BNNMT replaces it, but its limits are NOT confirmed; the values of 2010 are used.",
    ),
    completeness_rule=noise.RULE,
    source=_SOURCE,
    method_version="1",
)
PARAMETERS: Final = (
    Parameter(
        "limit_day_db", "dB[A]", _ORDINARY.day_db, Text("Giới hạn ban ngày", "Limit by day"), source=_SOURCE
    ),
    Parameter(
        "limit_night_db",
        "dB[A]",
        _ORDINARY.night_db,
        Text("Giới hạn ban đêm", "Limit at night"),
        source=_SOURCE,
    ),
    noise.hour_parameter(
        "day_from_hour", _ORDINARY.day_from_hour, "Đầu ban ngày", "Begin of the day", _SOURCE
    ),
    noise.hour_parameter("day_to_hour", _ORDINARY.day_to_hour, "Cuối ban ngày", "End of the day", _SOURCE),
)


def _is_above(limit: float, level: Floats) -> Bools:
    above: Bools = level > limit
    return above


def terms(windows: SensorWindows) -> WindowTerms:
    """Return seconds above the limit and seconds with a known level, by day and at night together."""
    count = len(windows.start)
    asked = windows.parameters
    day, night = asked["day_from_hour"], asked["day_to_hour"]
    above, known = np.zeros(count), np.zeros(count)
    for limit, from_hour, to_hour in (
        (asked["limit_day_db"], day, night),
        (asked["limit_night_db"], night, day),
    ):
        part = local_hours.pieces_of(windows, from_hour, to_hour)
        held = held_values.seconds_where(windows, partial(_is_above, limit), (part.start, part.end))
        above += part.sums(held.true_s, count)
        known += part.sums(held.covered_s, count)
    return WindowTerms(
        np.column_stack((above, known)), known, held_values.seconds(windows), held_values.readings(windows)
    )


def finish(pooled: Pooled) -> Finished:
    """Return per cent of the known time, and the hours beside it."""
    above, known = pooled.terms.sums.T
    details = [{"hours_above": seconds / 3600.0} for seconds in above.tolist()]
    return Finished(100.0 * ratio(above, known), details)


RECIPE: Final = ReadingsRecipe(INDICATOR, ("sound_level",), terms, finish, PARAMETERS)
