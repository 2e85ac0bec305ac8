"""Completeness: share of the expected interval slots that hold at least one good reading."""

from __future__ import annotations

from typing import Final

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.text import Text
from processing.indicators.recipes import FactSumRecipe, ratio, slots_of_expected

INDICATOR: Final = Indicator(
    code="completeness",
    title=Text("Mức đầy đủ của số liệu", "Data completeness"),
    unit="1",
    service="all",
    direction=Direction.HIGHER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=tuple(Period),
    formula=Text(
        "Số khoảng đo có ít nhất một số đo hợp lệ, chia cho số khoảng đo mong đợi; đếm khoảng chứ không đếm "
        "bản ghi nên số đo lặp không làm tăng. Khu vực: tổng trên các cảm biến.",
        "Interval slots with at least one good reading over slots expected; slots are counted, not rows, so "
        "duplicates add nothing. Area: summed over its sensors.",
    ),
    completeness_rule=Text(
        "Tính từ số đo đầu tiên của cảm biến. Bảo trì báo trước và hiệu chuẩn không tính là mong đợi.",
        "Counted from the sensor's first reading. Maintenance declared beforehand and calibration expect "
        "nothing.",
    ),
    source="US EPA sensor targets (data completeness, 75 %); Thông tư 10/2021/TT-BTNMT",
    method_version="1",
)

RECIPE: Final = FactSumRecipe(INDICATOR, terms=slots_of_expected, finish=ratio)
