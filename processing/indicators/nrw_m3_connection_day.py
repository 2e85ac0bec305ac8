"""Non-revenue water per connection and day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators.recipes import FormulaRecipe, ratio
from processing.indicators.water_balance import METERS, NRW_RULE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.columns import Floats

INDICATOR: Final = Indicator(
    code="nrw_m3_connection_day",
    title=Text(
        "Thất thoát, thất thu nước sạch theo đấu nối",
        "Non-revenue water per connection and day",
    ),
    unit="m3/d",
    service=Service.WATER,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.AREA,),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "(nước vào mạng - nước bán ra) / (số đấu nối x số ngày của kỳ); m³/đấu nối/ngày. " + METERS.vi,
        "(system input - billed) / (connections x days of the period); m³/connection/day. " + METERS.en,
    ),
    completeness_rule=NRW_RULE,
    source="IBNET: (55 - 59) / (365 x 41)",
    method_version="1",
)


def formula(values: Mapping[str, Floats]) -> Floats:
    """Return m³ per connection and day, shape (m,)."""
    lost = values["water_volume_input"] - values["water_volume_billed"]
    return ratio(lost, values["water_connection_days"])


RECIPE: Final = FormulaRecipe(
    INDICATOR, ("water_volume_input", "water_volume_billed", "water_connection_days"), formula
)
