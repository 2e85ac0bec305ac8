"""Street lights that are watched from afar."""

from __future__ import annotations

from typing import Final

from domain.quantities import Service
from domain.text import Text
from processing.indicators.live_sensors import Devices, recipe, total

RECIPE: Final = recipe(
    Devices(
        "smart_street_lights",
        Text("Tỷ lệ đèn đường có giám sát từ xa", "Street lights under remote monitoring"),
        "lamp_state",
        Text("Đèn gửi lamp_state", "Lamps that send lamp_state"),
        total("street_lights_total", Text("Tổng số đèn đường", "Street lights in all")),
        "%",
        Service.LIGHTING,
        "ISO 37122:2019, 7.6 (clause number recalled)",
    )
)
INDICATOR: Final = RECIPE.indicator
