"""Limits of drinking water and noise, and flood alarm levels, as dated tables."""

from datetime import date
from functools import cache

from domain.text import Text
from domain.units import canonical_unit
from processing.rulesets.loader import RulesetError, Table, Trust, parse, read


class WaterLimit(Table, frozen=True):
    """Least and greatest admissible value of a parameter, both admissible."""

    parameter: str
    unit: str
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        canonical_unit(self.unit)


class WaterLimits(Table, frozen=True):
    """The limits of one regulation of drinking water."""

    code: str
    title: Text
    source: str
    trust: Trust
    valid_from: date
    superseded_by: str
    superseded_from: date
    limits: tuple[WaterLimit, ...]

    def of(self, parameter: str) -> WaterLimit:
        """Return the limit of a parameter.

        Raises:
            RulesetError: the regulation gives none.
        """
        for one in self.limits:
            if one.parameter == parameter:
                return one
        raise RulesetError(self.code, f"has no limit of {parameter}")


class Station(Table, frozen=True):
    """Alarm levels I, II, III of one station, in metres."""

    river: str
    station: str
    alarm_m: tuple[float, float, float]

    def __post_init__(self) -> None:
        if not self.alarm_m[0] < self.alarm_m[1] < self.alarm_m[2]:
            message = f"alarm levels of {self.station} must ascend"
            raise ValueError(message)


class FloodAlarms(Table, frozen=True):
    """Alarm levels of stations."""

    code: str
    title: Text
    source: str
    trust: Trust
    valid_from: date
    stations: tuple[Station, ...]


class NoiseZone(Table, frozen=True):
    """Limits of one kind of area, in dB(A), by day and at night."""

    zone: str
    title: Text
    day_from_hour: float
    day_to_hour: float
    day_db: float
    night_db: float


class NoiseLimits(Table, frozen=True):
    """The limits of one regulation of noise."""

    code: str
    title: Text
    source: str
    trust: Trust
    valid_from: date
    superseded_by: str
    zones: tuple[NoiseZone, ...]

    def of(self, zone: str) -> NoiseZone:
        """Return the limits of a kind of area.

        Raises:
            RulesetError: the regulation knows no such area.
        """
        for one in self.zones:
            if one.zone == zone:
                return one
        raise RulesetError(self.code, f"has no zone {zone}")


@cache
def water_limits() -> WaterLimits:
    """Return QCVN 01-1:2018/BYT."""
    return parse("qcvn_01_1_2018.toml", read("qcvn_01_1_2018"), WaterLimits)


@cache
def flood_alarms() -> FloodAlarms:
    """Return the alarm levels of Quyết định 05/2020/QĐ-TTg."""
    return parse("flood_alarms.toml", read("flood_alarms"), FloodAlarms)


@cache
def noise_limits() -> NoiseLimits:
    """Return QCVN 26:2010/BTNMT."""
    return parse("qcvn_26_2010.toml", read("qcvn_26_2010"), NoiseLimits)
