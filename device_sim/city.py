"""The layout of a simulated city: wards, sites, gateways and sensors, the same for the same seed.

Vĩnh Giang is invented: a city under the two-level government of July 2025, with wards (phường) and communes
(xã) directly below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from typing import TYPE_CHECKING, Final

import numpy as np

from device_sim.errors import CityError
from device_sim.registration import SensorRow
from device_sim.services import INSTALLATIONS, Installation, SensorKind
from domain.registry import Area, AreaKind, Site, SiteKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

CITY: Final = Area("vinh-giang", "Thành phố Vĩnh Giang", AreaKind.CITY, name_en="Vinh Giang City")
_WARDS: Final = (
    ("vg-hong-chau", "Phường Hồng Châu"),
    ("vg-tan-hoa", "Phường Tân Hoà"),
    ("vg-phu-loc", "Phường Phú Lộc"),
    ("vg-an-thinh", "Phường An Thịnh"),
    ("vg-dong-kinh", "Phường Đông Kinh"),
    ("vg-vinh-phuoc", "Phường Vĩnh Phước"),
    ("vg-nam-son", "Phường Nam Sơn"),
    ("vg-bac-cuong", "Phường Bắc Cường"),
    ("vg-quang-trung", "Phường Quang Trung"),
)
_COMMUNES: Final = (
    ("vg-binh-minh", "Xã Bình Minh"),
    ("vg-tan-lap", "Xã Tân Lập"),
    ("vg-hoa-son", "Xã Hoà Sơn"),
)
_CENTRE: Final = (20.905, 106.465)
_WARD_SPREAD_DEGREES: Final = 0.035
_SITE_SPREAD_DEGREES: Final = 0.006
_GATEWAYS_MAX: Final = 100_000
_SENSORS_MAX: Final = 2_000_000
_INTERVAL_S_MAX: Final = 86_400
_LAYOUT_STREAM: Final = 1


@dataclass(frozen=True, slots=True)
class CitySensor:
    """One sensor of the city.

    Attributes:
        gateway: position in `City.gateways`.
        site: position in `City.sites`.
        name: what the gateway calls it.
        kind: what it is.
        interval_s: seconds between two readings.
    """

    gateway: int
    site: int
    name: str
    kind: SensorKind
    interval_s: int


@dataclass(frozen=True, slots=True)
class City:
    """A city; sensors are ordered by gateway, and by site within a gateway."""

    seed: int
    areas: tuple[Area, ...]
    sites: tuple[Site, ...]
    gateways: tuple[str, ...]
    sensors: tuple[CitySensor, ...]

    def registry_rows(self, *, unknown: int = 0) -> Iterator[SensorRow]:
        """Yield the sensors as the registry takes them.

        Args:
            unknown: so many sensors, the last ones of their gateways, are left for a technician to register.
        """
        areas = {area.code: area for area in self.areas}
        left_out = self._last_of_gateways(unknown)
        for position, sensor in enumerate(self.sensors):
            if position in left_out:
                continue
            site = self.sites[sensor.site]
            area = areas[site.area]
            yield SensorRow(
                gateway=self.gateways[sensor.gateway],
                sensor=sensor.name,
                quantity=sensor.kind.quantity,
                unit=sensor.kind.unit,
                interval_s=float(sensor.interval_s),
                site=site.code,
                site_name=site.name,
                site_kind=site.kind,
                latitude=site.latitude,
                longitude=site.longitude,
                customers=site.customers,
                area=area.code,
                area_name=area.name,
                area_kind=area.kind,
                area_parent=area.parent,
                time_zone=area.time_zone,
            )

    def _last_of_gateways(self, count: int) -> set[int]:
        last: dict[int, int] = {}
        several: set[int] = set()
        for position, sensor in enumerate(self.sensors):
            if sensor.gateway in last:
                several.add(sensor.gateway)
            last[sensor.gateway] = position
        return set(islice((last[gateway] for gateway in sorted(several)), count))


def build_city(seed: int, gateways: int, sensors: int, *, interval_s: int | None = None) -> City:
    """Return the city of a seed.

    Args:
        seed: the same seed, size and interval give the same city.
        gateways: how many.
        sensors: how many in all, at least one per gateway.
        interval_s: seconds between two readings of every sensor; None lets each kind have its own.

    Raises:
        CityError: no such city can be built.
    """
    if not 0 <= seed < 2**63:
        raise CityError("seed", seed, "an integer from 0 to 2^63 - 1")  # noqa: EM101 # the field's name
    if not 1 <= gateways <= _GATEWAYS_MAX:
        raise CityError("gateways", gateways, f"from 1 to {_GATEWAYS_MAX}")  # noqa: EM101 # as above
    if not gateways <= sensors <= _SENSORS_MAX:
        expected = f"from {gateways} (one per gateway) to {_SENSORS_MAX}"
        raise CityError("sensors", sensors, expected)  # noqa: EM101 # as above
    if interval_s is not None and not 1 <= interval_s <= _INTERVAL_S_MAX:
        raise CityError("interval_s", interval_s, f"from 1 to {_INTERVAL_S_MAX}")  # noqa: EM101 # as above
    rng = np.random.default_rng([seed, _LAYOUT_STREAM])
    return _Builder(seed, rng, interval_s).built(gateways, sensors)


class _Builder:
    def __init__(self, seed: int, rng: Generator, interval_s: int | None) -> None:
        self._seed = seed
        self._rng = rng
        self._interval_s = interval_s
        wards = [Area(code, name, AreaKind.WARD, CITY.code) for code, name in _WARDS]
        communes = [Area(code, name, AreaKind.COMMUNE, CITY.code) for code, name in _COMMUNES]
        self._areas = (*wards, *communes)
        spread = rng.normal(0.0, _WARD_SPREAD_DEGREES, (len(self._areas), 2))
        # Communes lie outside.
        spread[len(wards) :] *= 2.5
        self._centres = spread + np.array(_CENTRE)
        self._sites: list[Site] = []
        self._sensors: list[CitySensor] = []

    def built(self, gateway_count: int, sensor_count: int) -> City:
        kinds = _installations(gateway_count)
        quotas = _quotas(kinds, sensor_count)
        numbers = dict.fromkeys(INSTALLATIONS, 0)
        gateways: list[str] = []
        for position, (kind, quota) in enumerate(zip(kinds, quotas, strict=True)):
            numbers[kind] += 1
            gateways.append(f"{kind.prefix}-{numbers[kind]:04d}")
            self._equip(position, gateways[-1], kind, quota, numbers[kind])
        return City(
            self._seed, (CITY, *self._areas), tuple(self._sites), tuple(gateways), tuple(self._sensors)
        )

    def _equip(self, position: int, gateway: str, kind: Installation, quota: int, number: int) -> None:
        ward = int(self._rng.integers(len(self._areas)))
        for index in range(quota):
            ordinal, slot = divmod(index, len(kind.sensors))
            if slot == 0:
                self._add_site(gateway, kind, number, ordinal, ward)
            sensor = kind.sensors[slot]
            name = f"{sensor.quantity}-{ordinal + 1:02d}"
            interval_s = self._interval_s or sensor.interval_s
            self._sensors.append(CitySensor(position, len(self._sites) - 1, name, sensor, interval_s))

    def _add_site(self, gateway: str, kind: Installation, number: int, ordinal: int, ward: int) -> None:
        latitude, longitude = self._centres[ward] + self._rng.normal(0.0, _SITE_SPREAD_DEGREES, 2)
        area = self._areas[ward]
        label = f"{number}" if ordinal == 0 else f"{number}.{ordinal + 1}"
        self._sites.append(
            Site(
                code=f"{gateway}-{ordinal + 1:02d}",
                name=f"{kind.title} {label}, {area.name}",
                kind=kind.site_kind,
                area=area.code,
                latitude=round(float(latitude), 6),
                longitude=round(float(longitude), 6),
                customers=int(self._rng.integers(150, 3000)) if kind.site_kind is SiteKind.FEEDER else None,
            )
        )


def _installations(count: int) -> list[Installation]:
    """Return one installation per gateway: every service early, then by share."""
    rounds = max(kind.share for kind in INSTALLATIONS)
    pattern = [kind for turn in range(rounds) for kind in INSTALLATIONS if kind.share > turn]
    return list(islice(cycle(pattern), count))


def _quotas(kinds: list[Installation], sensor_count: int) -> list[int]:
    """Return the number of sensors of each gateway: one, then a whole site, then more sites."""
    quotas = [1] * len(kinds)
    left = sensor_count - len(kinds)
    for position, kind in enumerate(kinds):
        more = min(left, len(kind.sensors) - 1)
        quotas[position] += more
        left -= more
    share, rest = divmod(left, len(kinds))
    return [quota + share + (position < rest) for position, quota in enumerate(quotas)]
