"""What stands at a site of each service: the sensors, their units and their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.quantities import QUANTITIES, Service
from domain.registry import SiteKind

if TYPE_CHECKING:
    from domain.quantities import Quantity


@dataclass(frozen=True, slots=True)
class SensorKind:
    """One sensor of a site.

    Attributes:
        quantity: code of the observed property.
        interval_s: seconds between two readings.
        decimals: resolution of the instrument.
        wrong_unit: a unit in which a misconfigured device reports, convertible or not.
    """

    quantity: str
    interval_s: int
    decimals: int
    wrong_unit: str | None = None

    @property
    def definition(self) -> Quantity:
        """The observed property."""
        return QUANTITIES[self.quantity]

    @property
    def unit(self) -> str:
        """UCUM code of what the sensor sends."""
        return self.definition.unit


@dataclass(frozen=True, slots=True)
class Installation:
    """What a gateway of a service looks after; the sensors of one site.

    Attributes:
        prefix: begins the codes of its gateways and sites.
        title: begins the names of its sites, in Vietnamese as people of the city read them.
        share: relative number of gateways.
        sensors: the most important first; a small city gets only these.
    """

    prefix: str
    service: Service
    site_kind: SiteKind
    title: str
    share: int
    sensors: tuple[SensorKind, ...]


INSTALLATIONS: Final = (
    Installation(
        "air", Service.AIR, SiteKind.AIR_STATION, "Trạm không khí", 3,
        (
            SensorKind("pm25", 60, 1, "mg/m3"), SensorKind("pm10", 60, 1, "mg/m3"),
            SensorKind("o3", 60, 1, "[ppb]"), SensorKind("no2", 60, 1, "[ppb]"),
            SensorKind("so2", 60, 1), SensorKind("co", 60, 0, "mg/m3"),
            SensorKind("air_temperature", 60, 1, "[degF]"), SensorKind("relative_humidity", 60, 1),
            SensorKind("air_pressure", 60, 1, "kPa"), SensorKind("wind_speed", 30, 1, "km/h"),
        ),
    ),
    Installation(
        "power", Service.ELECTRICITY, SiteKind.FEEDER, "Lộ điện", 4,
        (
            SensorKind("supply_state", 10, 0), SensorKind("voltage", 10, 1, "kV"),
            SensorKind("active_energy", 60, 2, "MW.h"), SensorKind("active_power", 30, 2, "W"),
        ),
    ),
    Installation(
        "water", Service.WATER, SiteKind.WATER_STATION, "Trạm nước", 3,
        (
            SensorKind("water_pressure", 15, 2, "bar"), SensorKind("water_flow", 15, 1, "L/s"),
            SensorKind("free_chlorine", 60, 2), SensorKind("turbidity", 60, 2),
            SensorKind("water_volume", 60, 1),
        ),
    ),
    Installation(
        "traffic", Service.TRAFFIC, SiteKind.ROAD, "Nút giao", 3,
        (
            SensorKind("vehicle_speed", 20, 1, "[mi_i]/h"), SensorKind("vehicle_count", 20, 0),
            SensorKind("occupancy", 20, 1),
        ),
    ),
    Installation(
        "light", Service.LIGHTING, SiteKind.LIGHT, "Tủ chiếu sáng", 2,
        (SensorKind("lamp_state", 30, 0), SensorKind("lamp_power", 30, 1, "kW")),
    ),
    Installation(
        "waste", Service.WASTE, SiteKind.BIN, "Thùng rác", 2,
        (SensorKind("bin_fill", 60, 0), SensorKind("bin_weight", 60, 1, "t")),
    ),
    Installation(
        "flood", Service.FLOOD_NOISE, SiteKind.GAUGE, "Trạm đo mực nước", 2,
        (SensorKind("water_level", 30, 3, "cm"), SensorKind("rainfall", 60, 2, "cm")),
    ),
    Installation(
        "noise", Service.FLOOD_NOISE, SiteKind.NOISE_STATION, "Trạm đo tiếng ồn", 2,
        (SensorKind("sound_level", 10, 1, "dB"),),
    ),
)  # fmt: skip
