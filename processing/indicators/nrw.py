"""Non-revenue water as a share of what enters the network."""

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
    code="nrw",
    title=Text("Tỷ lệ thất thoát, thất thu nước sạch", "Non-revenue water"),
    unit="%",
    service=Service.WATER,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.AREA,),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "(nước vào mạng - nước bán ra) / nước vào mạng x 100. "
        + METERS.vi
        + " Theo năm, đây là chỉ số EC:I:WS:3C của U4SSC. IWA khuyên không dùng tỷ lệ này để so các mạng với "
        "nhau.",
        "(system input - billed) / system input x 100. "
        + METERS.en
        + " Over a year it is EC:I:WS:3C of U4SSC. IWA advises not to set targets between systems with it.",
    ),
    completeness_rule=NRW_RULE,
    source="IBNET 55, 59; IWA water balance; U4SSC EC:I:WS:3C",
    method_version="1",
)


def formula(values: Mapping[str, Floats]) -> Floats:
    """Return per cent of the input, shape (m,); negative when more is billed than entered."""
    supplied = values["water_volume_input"]
    return ratio(supplied - values["water_volume_billed"], supplied) * 100.0


RECIPE: Final = FormulaRecipe(INDICATOR, ("water_volume_input", "water_volume_billed"), formula)
