"""Headway adherence: how unevenly buses come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.text import Text
from processing.indicators import bus
from processing.indicators.recipes import Finished, ReadingsRecipe, ratio

if TYPE_CHECKING:
    from processing.indicators.recipes import Pooled, SensorWindows, WindowTerms

INDICATOR: Final = bus.definition(
    "bus_headway_cv",
    Text("Hệ số biến thiên giãn cách xe buýt", "Bus headway coefficient of variation"),
    Text(
        "Độ lệch chuẩn (chia cho n) của (giãn cách thực - giãn cách theo biểu đồ) / giãn cách theo biểu đồ "
        "trung bình. Công thức CHƯA đối chiếu với văn bản gốc. " + bus.HEADWAY_TEXT.vi,
        "Standard deviation (divided by n) of (headway - scheduled headway) / mean scheduled headway. The "
        "formula is NOT yet compared with its source. " + bus.HEADWAY_TEXT.en,
    ),
    "TCQSM, headway adherence (formula recalled)",
    "1",
)


def terms(windows: SensorWindows) -> WindowTerms:
    """Return sums over the headways of each window."""
    return bus.headway_terms(windows)


def finish(pooled: Pooled) -> Finished:
    """Return the coefficient; headways recorded and scheduled beside it."""
    sums = pooled.terms.sums
    n = sums[:, bus.RECORDED]
    mean = ratio(sums[:, bus.DEVIATION], n)
    # Rounding may leave a hair below 0 where all headways deviate alike.
    variance = np.maximum(ratio(sums[:, bus.DEVIATION_SQUARES], n) - mean**2, 0.0)
    return Finished(ratio(np.sqrt(variance) * n, sums[:, bus.SCHEDULED]), bus.coverage(pooled))


RECIPE: Final = ReadingsRecipe(
    INDICATOR, ("headway",), terms, finish, (*bus.SERVICE_HOURS, bus.SCHEDULED_HEADWAY)
)
