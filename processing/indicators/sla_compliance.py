"""SLA compliance: share of the days on which the devices' availability met the service level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.text import Text
from processing.indicators import daily_history
from processing.indicators.recipes import HistoryRecipe, ratio
from processing.rulesets.operations import service_levels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.columns import Cells
    from processing.indicators.recipes import DailyHistory

_JUDGED: Final = "availability"
# Sums of decimal fractions miss the decimal result by a hair; a day equal to the level meets it.
_EQUAL_WITHIN: Final = 1e-9
LEVEL: Final = service_levels().minimum(_JUDGED)

INDICATOR: Final = Indicator(
    code="sla_compliance",
    title=Text("Tỷ lệ ngày đạt mức dịch vụ", "Days that meet the service level"),
    unit="1",
    service="all",
    direction=Direction.HIGHER,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        f"Số ngày có độ sẵn sàng từ {LEVEL:g} trở lên, "
        "chia cho số ngày được xét. Ngày không có giá trị là loại thứ ba (thiếu số liệu), không tính vào "
        "mẫu số mà ghi riêng. Mức này là lựa chọn của Nhịp, chưa theo hợp đồng nào.",
        f"Days with an availability of {LEVEL:g} or more "
        "over days evaluated. Days without a value are a third class (insufficient): not in the "
        "denominator, told beside it. The level is Nhịp's own choice and follows no contract.",
    ),
    completeness_rule=Text(
        "Độ đầy đủ: số ngày được xét chia cho số ngày của kỳ.",
        "Completeness: days evaluated over days of the period.",
    ),
    source="SLA compliance = periods meeting the target / periods evaluated; level: service_levels.toml",
    method_version="1",
)


def compute(history: DailyHistory) -> Mapping[Period, Cells]:
    """Return the share of days that met the level, with the three classes of days."""
    known = ~np.isnan(history.value)
    met = history.value >= LEVEL - _EQUAL_WITHIN
    found: dict[Period, Cells] = {}
    for period in INDICATOR.periods:
        group = daily_history.grouped(history, period)
        evaluated, meeting = group.sums(known), group.sums(met)
        columns = {
            "days": {
                "met": meeting,
                "not_met": evaluated - meeting,
                "insufficient": group.days - evaluated,
            }
        }
        found[period] = daily_history.cells(group, ratio(meeting, evaluated), known, columns)
    return found


RECIPE: Final = HistoryRecipe(INDICATOR, _JUDGED, compute)
