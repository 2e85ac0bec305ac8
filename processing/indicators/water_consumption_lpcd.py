"""Water consumption per person and day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators.recipes import Finished, Parameter, ReadingsRecipe
from processing.indicators.water_balance import COUNTER_PARAMETERS, VOLUME_RULE, days, volume, volume_terms

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled

INDICATOR: Final = Indicator(
    code="water_consumption_lpcd",
    title=Text("Lượng nước dùng mỗi người mỗi ngày", "Water consumption per person and day"),
    unit="L/d",
    service=Service.WATER,
    direction=Direction.NONE,
    subject_kinds=(SubjectKind.AREA,),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Nước bán ra (đồng hồ khách hàng, đại lượng water_volume_billed) x 1000 / (dân số x số ngày của "
        "kỳ). Dân số là tham số population của khu vực. Theo năm, đây là chỉ số EN:EN:WS:2C của U4SSC.",
        "Water billed (customers' meters, quantity water_volume_billed) x 1000 / (population x days of "
        "the period). The population is the parameter population of the area. Over a year it is "
        "EN:EN:WS:2C of U4SSC.",
    ),
    completeness_rule=VOLUME_RULE,
    source="U4SSC EN:EN:WS:2C",
    method_version="1",
)
PARAMETERS: Final = (
    *COUNTER_PARAMETERS,
    Parameter("population", "1", float("nan"), Text("Dân số", "Population"), minimum=1.0),
)


def finish(pooled: Pooled) -> Finished:
    """Return litres per person and day; NaN where the population is not set."""
    used = volume(pooled)
    return Finished(used.value * 1000.0 / (pooled.parameters["population"] * days(pooled)), used.details)


RECIPE: Final = ReadingsRecipe(INDICATOR, ("water_volume_billed",), volume_terms, finish, PARAMETERS)
