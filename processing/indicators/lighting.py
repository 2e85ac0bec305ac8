"""What the indicators of street lighting share: the schedule and when a lamp is lit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.text import Text
from processing.indicators.recipes import Parameter

if TYPE_CHECKING:
    from processing.columns import Bools, Floats

_LIT: Final = 1.0
_SCHEDULE_SOURCE: Final = "Nhịp's own default; the city's switching schedule replaces it"

SCHEDULE: Final = (
    Parameter(
        "lamp_on_hour",
        "h",
        18.0,
        Text("Giờ bật đèn (giờ địa phương)", "Hour of switching on (local time)"),
        0.0,
        24.0,
        _SCHEDULE_SOURCE,
    ),
    Parameter(
        "lamp_off_hour",
        "h",
        5.5,
        Text("Giờ tắt đèn (giờ địa phương)", "Hour of switching off (local time)"),
        0.0,
        24.0,
        _SCHEDULE_SOURCE,
    ),
)
SCHEDULE_TEXT: Final = Text(
    "Lịch bật đèn mặc định 18:00 đến 05:30 giờ địa phương (tham số lamp_on_hour, lamp_off_hour).",
    "Lamps are scheduled from 18:00 to 05:30 local time unless set otherwise (lamp_on_hour, lamp_off_hour).",
)


def is_lit(state: Floats) -> Bools:
    """Return which states are "lit"."""
    lit: Bools = state == _LIT
    return lit
