"""O3: share of days within the 8-hour limit of QCVN 05:2023/BTNMT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from processing.indicators import qcvn_air
from processing.indicators.recipes import AreaRule, SiteSeriesRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.periods import Period
    from processing.columns import Cells, SiteHours

INDICATOR: Final = qcvn_air.compliance_indicator("o3", "8h")


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return the share of each whole month, quarter and year that has the 7 hours before it in the series."""
    return qcvn_air.day_compliance(series, "o3", "8h")


RECIPE: Final = SiteSeriesRecipe(INDICATOR, ("o3",), compute, qcvn_air.EIGHT_HOURS_REACH, AreaRule.MEAN)
