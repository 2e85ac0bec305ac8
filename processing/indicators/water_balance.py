"""What the indicators of the water balance share: which meters count where, and sums of what they count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.text import Text
from processing.grid import HOUR_US
from processing.indicators.recipes import Finished, Parameter, Pooled, SensorWindows, WindowTerms
from processing.kernels import counters

if TYPE_CHECKING:
    from processing.columns import Floats

METERS: Final = Text(
    "Đồng hồ cấp vào mạng gửi đại lượng water_volume; đồng hồ của khách hàng gửi water_volume_billed.",
    "Meters where water enters the network send the quantity water_volume, customers' meters "
    "water_volume_billed.",
)
NRW_RULE: Final = Text(
    "Cần cả nước vào và nước bán ra; độ đầy đủ là mức thấp nhất của chúng. Đồng hồ khách hàng đọc thưa "
    "(tháng một lần) chỉ cho giá trị tháng, quý, năm có nghĩa.",
    "Needs both input and billed water; completeness is the lowest of them. Customers' meters read rarely "
    "(once a month) make only months, quarters and years meaningful.",
)
VOLUME_RULE: Final = Text(
    "Độ đầy đủ: thời gian nằm giữa các số đọc được tính, chia cho thời gian xét, tổng trên các đồng hồ; dưới "
    "75 % thì không công bố.",
    "Completeness: time between the readings that count over time in view, summed over the meters; below "
    "75 % nothing is published.",
)
COUNTER_PARAMETERS: Final = (
    Parameter(
        "counter_modulus_m3",
        "m3",
        0.0,
        Text("Giá trị mà đồng hồ quay về 0; 0: không quay vòng", "Where the meter rolls over to 0; 0: never"),
        minimum=0.0,
    ),
    Parameter(
        "flow_max_m3_h",
        "m3/h",
        0.0,
        Text(
            "Bước tăng nhanh hơn mức này bị nghi ngờ và không cộng; 0: không giới hạn",
            "A step steeper than this is suspect and not added; 0: no limit",
        ),
        minimum=0.0,
    ),
)
DAY_US: Final = 24 * HOUR_US


def volume_terms(windows: SensorWindows) -> WindowTerms:
    """Return m³ counted in each window, resets and roll-overs seen; a step belongs where it ends."""
    found = counters.increase(
        windows.ts,
        windows.value,
        windows.start,
        windows.end,
        windows.carry_ts,
        windows.carry_value,
        windows.parameters["counter_modulus_m3"],
        windows.parameters["flow_max_m3_h"] / 3600.0,
    )
    sums = np.column_stack(
        (
            found.increase,
            found.resets.astype(np.float64),
            found.suspect.astype(np.float64),
        )
    )
    # A step that ends in a window tells of all the time since the reading before, also before the window:
    # over a day or a month this is the time that was metered.
    return WindowTerms(
        sums, found.elapsed_s, (windows.end - windows.start).astype(np.float64) * 1e-6, found.n
    )


def volume(pooled: Pooled) -> Finished:
    """Return m³ and, where there were any, the meters' resets and suspect steps."""
    sums = pooled.terms.sums
    details = [
        {"resets": int(resets), "suspect_steps": int(suspect)} if resets or suspect else None
        for _, resets, suspect in sums.tolist()
    ]
    return Finished(np.where(pooled.terms.n > 0, sums[:, 0], np.nan), details)


def days(pooled: Pooled) -> Floats:
    """Return the length of each cell's period in days of 24 hours, shape (m,)."""
    return (pooled.period_end - pooled.period_start) / DAY_US
