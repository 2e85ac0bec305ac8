"""Water entering the network: increase of the counters `water_volume`."""

from __future__ import annotations

from typing import Final

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators.recipes import ReadingsRecipe
from processing.indicators.water_balance import COUNTER_PARAMETERS, VOLUME_RULE, volume, volume_terms

INDICATOR: Final = Indicator(
    code="water_volume_input",
    title=Text("Lượng nước vào mạng", "Water entering the network"),
    unit="m3",
    service=Service.WATER,
    direction=Direction.NONE,
    subject_kinds=(SubjectKind.SENSOR, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Tổng mức tăng của các đồng hồ đặt ở nơi nước vào mạng (đại lượng water_volume). Số đọc giảm là "
        "đồng hồ về 0 (cộng số mới) hoặc quay vòng nếu khai counter_modulus_m3. Bước tăng thuộc về kỳ mà "
        "nó kết thúc.",
        "Sum of what the meters at the inlets of the network count (quantity water_volume). A drop is a "
        "reset to zero (the new value is added), or a roll-over where counter_modulus_m3 is set. A step "
        "belongs to the period in which it ends.",
    ),
    completeness_rule=VOLUME_RULE,
    source="IBNET 55, volume of water produced",
    method_version="1",
)

RECIPE: Final = ReadingsRecipe(INDICATOR, ("water_volume",), volume_terms, volume, COUNTER_PARAMETERS)
