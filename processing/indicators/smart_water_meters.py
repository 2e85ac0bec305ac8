"""Smart water meters."""

from __future__ import annotations

from typing import Final

from domain.quantities import Service
from domain.text import Text
from processing.indicators.live_sensors import Devices, recipe, total

RECIPE: Final = recipe(
    Devices(
        "smart_water_meters",
        Text("Tỷ lệ đồng hồ nước thông minh", "Smart water meters"),
        "water_volume_billed",
        Text("Đồng hồ khách hàng gửi water_volume_billed", "Customers' meters that send water_volume_billed"),
        total("water_meters_total", Text("Tổng số đồng hồ nước", "Water meters in all")),
        "%",
        Service.WATER,
        "U4SSC EC:ICT:WS:1C; ISO 37122:2019, 23.4 counts buildings instead",
    )
)
INDICATOR: Final = RECIPE.indicator
