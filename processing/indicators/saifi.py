"""SAIFI: system average interruption frequency index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.indicators.recipes import InterruptionRecipe
from processing.indicators.supply import BOOKING, COMPLETENESS_RULE, MOMENTARY_S_MAX, SOURCE

if TYPE_CHECKING:
    from processing.columns import Floats
    from processing.indicators.recipes import Interruptions

INDICATOR: Final = Indicator(
    code="saifi",
    title=Text(
        "Số lần mất điện trung bình của lưới điện (SAIFI)", "System average interruption frequency (SAIFI)"
    ),
    unit="1",
    service=Service.ELECTRICITY,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
    formula=Text(
        "Tổng K_i của các lần mất điện dài hơn 5 phút, chia cho số khách hàng K_t. " + BOOKING.vi,
        "Sum of K_i over interruptions longer than 5 minutes, divided by the customers served K_t. "
        + BOOKING.en,
    ),
    completeness_rule=COMPLETENESS_RULE,
    source=SOURCE,
    method_version="1",
)


def terms(interruptions: Interruptions) -> Floats:
    """Return the customers of each interruption longer than five minutes."""
    return np.where(interruptions.duration_s > MOMENTARY_S_MAX, interruptions.customers, 0.0)


RECIPE: Final = InterruptionRecipe(INDICATOR, terms)
