"""Areas, sites, gateways and sensors as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AreaKind(StrEnum):
    """Two-level local government in force since July 2025, and free zones."""

    PROVINCE = "province"
    CITY = "city"
    WARD = "ward"
    COMMUNE = "commune"
    SPECIAL_ZONE = "special_zone"
    ZONE = "zone"


class SiteKind(StrEnum):
    """The place where several sensors stand."""

    AIR_STATION = "air_station"
    WATER_STATION = "water_station"
    PUMP = "pump"
    FEEDER = "feeder"
    LIGHT = "light"
    ROAD = "road"
    BIN = "bin"
    GAUGE = "gauge"
    NOISE_STATION = "noise_station"
    POLE = "pole"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Area:
    """A province, city, ward, commune, special zone or free zone."""

    code: str
    name: str
    kind: AreaKind
    parent: str | None = None
    name_en: str | None = None
    time_zone: str = "Asia/Ho_Chi_Minh"


@dataclass(frozen=True, slots=True)
class Site:
    """A station, pole, pump or feeder; belongs to one area."""

    code: str
    name: str
    kind: SiteKind
    area: str
    latitude: float | None = None
    longitude: float | None = None
    customers: int | None = None


@dataclass(frozen=True, slots=True)
class Gateway:
    """A device that publishes for its sensors over MQTT."""

    code: str
    name: str
    payload_format: str = "native"
    archive: bool = False


@dataclass(frozen=True, slots=True)
class Sensor:
    """One observed property at one site, sent by one gateway.

    Attributes:
        code: unique in the city; `{gateway}.{name}` unless chosen otherwise.
        gateway: code of the gateway that sends it.
        name: what the gateway calls it ("s" of a payload).
        quantity: code of the observed property.
        unit: UCUM code of what the sensor sends when a payload names none.
        interval_s: expected seconds between two readings.
        site: code of its site.
        averaging_s: a reading is the mean over [ts, ts + averaging_s); 0 is an instantaneous value.
    """

    code: str
    gateway: str
    name: str
    quantity: str
    unit: str
    interval_s: float
    site: str
    averaging_s: float = 0.0
