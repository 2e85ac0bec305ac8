"""Validity: share of the received readings that are good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.text import Text
from processing.indicators.recipes import FactSumRecipe, ratio

if TYPE_CHECKING:
    from processing.columns import Floats, HourFacts

INDICATOR: Final = Indicator(
    code="validity",
    title=Text("Tỷ lệ số đo hợp lệ", "Data validity"),
    unit="1",
    service="all",
    direction=Direction.HIGHER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Số đo hợp lệ chia cho số đo nhận được; số đo khi hiệu chuẩn, khi thiết bị lỗi hoặc bị cờ chất "
        "lượng loại bỏ là không hợp lệ. Khu vực: tổng trên các cảm biến.",
        "Good readings over readings received; those sent while calibrating or faulty, or condemned by a "
        "quality flag, are not good. Area: summed over its sensors.",
    ),
    completeness_rule=Text(
        "Mọi số đo nhận được đều được xét; không có số đo thì không có giá trị.",
        "Every reading received is judged; without readings there is no value.",
    ),
    source="Data quality: valid readings / readings received; Thông tư 10/2021/TT-BTNMT (status 00, 01, 02)",
    method_version="1",
)


def terms(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return good readings and readings received, per fact."""
    return facts.n_good.astype(np.float64), facts.n.astype(np.float64)


def evidence(facts: HourFacts) -> tuple[Floats, Floats]:
    """Return the readings twice: each received one is judged."""
    received = facts.n.astype(np.float64)
    return received, received


RECIPE: Final = FactSumRecipe(INDICATOR, terms, finish=ratio, evidence=evidence)
