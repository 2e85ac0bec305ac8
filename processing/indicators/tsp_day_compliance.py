"""TSP: share of days within the 24-hour limit of QCVN 05:2023/BTNMT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processing.indicators import qcvn_air
from processing.indicators.recipes import AreaRule, SiteSeriesRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.periods import Period
    from processing.columns import Cells, SiteHours

INDICATOR: Final = qcvn_air.compliance_indicator("tsp", "24h")


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return the share of each local month, quarter and year that lies wholly in the series."""
    return qcvn_air.day_compliance(series, "tsp", "24h")


RECIPE: Final = SiteSeriesRecipe(INDICATOR, ("tsp",), compute, qcvn_air.NO_REACH, AreaRule.MEAN)
