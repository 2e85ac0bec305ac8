"""O3: highest 8-hour mean of the day against QCVN 05:2023/BTNMT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processing.indicators import qcvn_air
from processing.indicators.recipes import AreaRule, SiteSeriesRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.periods import Period
    from processing.columns import Cells, SiteHours

INDICATOR: Final = qcvn_air.eight_hour_indicator("o3")


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return the highest 8-hour mean of each local day that has the 7 hours before it in the series."""
    return qcvn_air.eight_hour_days(series, "o3")


RECIPE: Final = SiteSeriesRecipe(INDICATOR, ("o3",), compute, qcvn_air.EIGHT_HOURS_REACH, AreaRule.HIGHEST)
