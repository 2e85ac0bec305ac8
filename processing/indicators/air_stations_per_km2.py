"""Air quality stations for each square kilometre."""

from __future__ import annotations

from typing import Final

from domain.quantities import Service
from domain.text import Text
from processing.indicators.live_sensors import Devices, recipe, total

RECIPE: Final = recipe(
    Devices(
        "air_stations_per_km2",
        Text("Số trạm quan trắc không khí trên mỗi km²", "Air quality stations per km²"),
        "pm25",
        Text("Trạm gửi pm25 (mỗi trạm một cảm biến)", "Stations that send pm25 (one such sensor a station)"),
        total("area_km2", Text("Diện tích của khu vực, km²", "Surface of the area, km²"), "km2"),
        "/km2",
        Service.AIR,
        "ISO 37122:2019, 8.2 (clause number recalled)",
    )
)
INDICATOR: Final = RECIPE.indicator
