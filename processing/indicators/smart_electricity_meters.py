"""Smart electricity meters."""

from __future__ import annotations

from typing import Final

from domain.quantities import Service
from domain.text import Text
from processing.indicators.live_sensors import Devices, recipe, total

RECIPE: Final = recipe(
    Devices(
        "smart_electricity_meters",
        Text("Tỷ lệ công tơ điện thông minh", "Smart electricity meters"),
        "active_energy",
        Text("Công tơ gửi active_energy", "Meters that send active_energy"),
        total("electricity_meters_total", Text("Tổng số công tơ điện", "Electricity meters in all")),
        "%",
        Service.ELECTRICITY,
        "U4SSC EC:ICT:ES:1C; ISO 37122:2019, 7.9 (clause number recalled)",
    )
)
INDICATOR: Final = RECIPE.indicator
