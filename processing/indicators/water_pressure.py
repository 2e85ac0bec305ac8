"""What the indicators of water pressure share."""

from __future__ import annotations

from typing import Final

from domain.text import Text
from processing.indicators.recipes import Parameter

SOURCE: Final = "QCVN 07-1 (10 m; recalled, not compared with the text)"
VISIBLE_NOTE: Final = Text(
    "p_min mặc định 10 m cột nước, CHƯA đối chiếu với QCVN 07-1; thành phố khai tham số p_min_m.",
    "p_min is 10 m of water unless set otherwise, NOT yet compared with QCVN 07-1; a city sets p_min_m.",
)
PRESSURE_MIN: Final = Parameter(
    "p_min_m",
    "m[H2O]",
    10.0,
    Text("Áp lực thấp nhất của một điểm có nước", "Least pressure at which a point has water"),
    minimum=0.0,
    source=SOURCE,
)
