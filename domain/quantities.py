"""Observed properties of the seven services, with the unit in which their readings are stored (UCUM)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.text import Text


class Service(StrEnum):
    """The municipal services that are measured."""

    AIR = "air"
    WATER = "water"
    ELECTRICITY = "electricity"
    LIGHTING = "lighting"
    TRAFFIC = "traffic"
    WASTE = "waste"
    FLOOD_NOISE = "flood_noise"


SERVICE_TITLES: Final = {
    Service.AIR: Text("Không khí", "Air"),
    Service.WATER: Text("Cấp nước và chất lượng nước", "Water supply and quality"),
    Service.ELECTRICITY: Text("Điện lực", "Electricity"),
    Service.LIGHTING: Text("Chiếu sáng công cộng", "Street lighting"),
    Service.TRAFFIC: Text("Giao thông", "Traffic"),
    Service.WASTE: Text("Chất thải rắn", "Waste"),
    Service.FLOOD_NOISE: Text("Ngập lụt và tiếng ồn", "Flood and noise"),
}


class QuantityKind(StrEnum):
    """How values of a quantity behave in time."""

    GAUGE = "gauge"
    COUNTER = "counter"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Quantity:
    """An observed property.

    Attributes:
        code: stable identifier, lower case.
        title: what people call it.
        service: the service it belongs to.
        unit: UCUM code; readings are stored in it.
        kind: gauge, counter (only grows, may reset) or state (a small integer).
        range_min: below it a reading is suspect (QARTOD gross range); None is no limit.
        range_max: above it a reading is suspect; None is no limit.
    """

    code: str
    title: Text
    service: Service
    unit: str
    kind: QuantityKind = QuantityKind.GAUGE
    range_min: float | None = None
    range_max: float | None = None


def _gauge(  # noqa: PLR0913, PLR0917 # one table row
    code: str, vi: str, en: str, service: Service, unit: str, low: float | None, high: float | None
) -> Quantity:
    return Quantity(code, Text(vi, en), service, unit, QuantityKind.GAUGE, low, high)


def _counter(code: str, vi: str, en: str, service: Service, unit: str) -> Quantity:
    return Quantity(code, Text(vi, en), service, unit, QuantityKind.COUNTER, 0.0, None)


def _state(code: str, vi: str, en: str, service: Service) -> Quantity:
    return Quantity(code, Text(vi, en), service, "1", QuantityKind.STATE, 0.0, 255.0)


_ALL: Final = (
    _gauge("pm25", "Bụi PM2.5", "PM2.5", Service.AIR, "ug/m3", 0, 2000),
    _gauge("pm10", "Bụi PM10", "PM10", Service.AIR, "ug/m3", 0, 3000),
    _gauge("tsp", "Bụi tổng (TSP)", "Total suspended particulates", Service.AIR, "ug/m3", 0, 5000),
    _gauge("so2", "Lưu huỳnh đioxit (SO2)", "Sulphur dioxide", Service.AIR, "ug/m3", 0, 5000),
    _gauge("no2", "Nitơ đioxit (NO2)", "Nitrogen dioxide", Service.AIR, "ug/m3", 0, 5000),
    _gauge("co", "Cacbon monoxit (CO)", "Carbon monoxide", Service.AIR, "ug/m3", 0, 200_000),
    _gauge("o3", "Ôzôn (O3)", "Ozone", Service.AIR, "ug/m3", 0, 2000),
    _gauge("air_temperature", "Nhiệt độ không khí", "Air temperature", Service.AIR, "Cel", -40, 60),
    _gauge("relative_humidity", "Độ ẩm tương đối", "Relative humidity", Service.AIR, "%", 0, 100),
    _gauge("air_pressure", "Khí áp", "Air pressure", Service.AIR, "hPa", 800, 1100),
    _gauge("dew_point", "Điểm sương", "Dew point", Service.AIR, "Cel", -60, 50),
    _gauge("rainfall", "Lượng mưa", "Rainfall", Service.FLOOD_NOISE, "mm", 0, 500),
    _gauge("wind_speed", "Tốc độ gió", "Wind speed", Service.AIR, "m/s", 0, 90),
    _gauge("wind_direction", "Hướng gió", "Wind direction", Service.AIR, "deg", 0, 360),
    _gauge("water_pressure", "Áp lực nước", "Water pressure", Service.WATER, "m[H2O]", 0, 200),
    _gauge("water_flow", "Lưu lượng nước", "Water flow", Service.WATER, "m3/h", -50_000, 50_000),
    _counter("water_volume", "Sản lượng nước", "Water volume", Service.WATER, "m3"),
    _counter("water_volume_billed", "Nước bán ra (đồng hồ khách hàng)", "Water billed", Service.WATER, "m3"),
    _gauge("free_chlorine", "Clo dư tự do", "Free residual chlorine", Service.WATER, "mg/L", 0, 20),
    _gauge("turbidity", "Độ đục", "Turbidity", Service.WATER, "[NTU]", 0, 4000),
    _gauge("ph", "pH", "pH", Service.WATER, "[pH]", 0, 14),
    _gauge("water_temperature", "Nhiệt độ nước", "Water temperature", Service.WATER, "Cel", -2, 60),
    _state(
        "supply_state",
        "Trạng thái cấp điện (1: có điện)",
        "Supply state (1: energised)",
        Service.ELECTRICITY,
    ),
    _gauge("voltage", "Điện áp", "Voltage", Service.ELECTRICITY, "V", 0, 500_000),
    _gauge("active_power", "Công suất tác dụng", "Active power", Service.ELECTRICITY, "kW", -1e6, 1e6),
    _counter("active_energy", "Điện năng", "Active energy", Service.ELECTRICITY, "kW.h"),
    _state("lamp_state", "Trạng thái đèn (1: sáng)", "Lamp state (1: lit)", Service.LIGHTING),
    _gauge("lamp_power", "Công suất đèn", "Lamp power", Service.LIGHTING, "W", 0, 5000),
    _gauge("vehicle_speed", "Tốc độ xe", "Vehicle speed", Service.TRAFFIC, "km/h", 0, 200),
    _gauge("occupancy", "Độ chiếm dụng làn", "Lane occupancy", Service.TRAFFIC, "%", 0, 100),
    _counter("vehicle_count", "Số lượt xe", "Vehicle count", Service.TRAFFIC, "1"),
    _gauge("travel_time", "Thời gian hành trình", "Travel time", Service.TRAFFIC, "s", 0, 86_400),
    _gauge(
        "schedule_deviation",
        "Độ lệch giờ của xe buýt (dương: trễ)",
        "Bus schedule deviation (positive: late)",
        Service.TRAFFIC,
        "s",
        -86_400,
        86_400,
    ),
    _gauge("headway", "Giãn cách giữa hai xe buýt", "Headway between buses", Service.TRAFFIC, "s", 0, 86_400),
    _gauge("bin_fill", "Mức đầy thùng rác", "Bin fill level", Service.WASTE, "%", 0, 150),
    _gauge("bin_weight", "Khối lượng thùng rác", "Bin weight", Service.WASTE, "kg", 0, 50_000),
    _gauge("water_level", "Mực nước", "Water level", Service.FLOOD_NOISE, "m", -20, 100),
    _gauge("sound_level", "Mức âm (LAeq)", "Sound level (LAeq)", Service.FLOOD_NOISE, "dB[A]", 10, 150),
    _gauge("battery", "Pin của thiết bị", "Device battery", Service.FLOOD_NOISE, "%", 0, 100),
)

QUANTITIES: Final = {quantity.code: quantity for quantity in _ALL}
