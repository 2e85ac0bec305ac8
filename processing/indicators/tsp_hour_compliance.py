"""TSP: share of hours within the 1-hour limit of QCVN 05:2023/BTNMT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processing.indicators import qcvn_air
from processing.indicators.recipes import AreaRule, SiteSeriesRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.periods import Period
    from processing.columns import Cells, SiteHours

INDICATOR: Final = qcvn_air.compliance_indicator("tsp", "1h")


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return the share of each local day, month, quarter and year that lies wholly in the series."""
    return qcvn_air.hour_compliance(series, "tsp")


RECIPE: Final = SiteSeriesRecipe(INDICATOR, ("tsp",), compute, qcvn_air.NO_REACH, AreaRule.MEAN)
