"""Public bins with a sensor."""

from __future__ import annotations

from typing import Final

from domain.quantities import Service
from domain.text import Text
from processing.indicators.live_sensors import Devices, recipe, total

RECIPE: Final = recipe(
    Devices(
        "smart_bins",
        Text("Tỷ lệ thùng rác có cảm biến", "Sensor-enabled public bins"),
        "bin_fill",
        Text("Thùng gửi bin_fill", "Bins that send bin_fill"),
        total("bins_total", Text("Tổng số thùng rác công cộng", "Public bins in all")),
        "%",
        Service.WASTE,
        "ISO 37122:2019, 16.5 (clause number recalled)",
    )
)
INDICATOR: Final = RECIPE.indicator
