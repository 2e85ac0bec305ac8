"""A town that every family of indicators speaks of, and packs of its values."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import psycopg

from api.database import Session
from api.packs.gathering import Gathered, Wanted, gather
from api.references import Found, Kind, find
from domain.quantities import QUANTITIES
from processing.indicators import discover
from tests.processing.engine.city import START, City, every

if TYPE_CHECKING:
    from collections.abc import Iterator

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR = START.replace(minute=0, second=0, microsecond=0) + timedelta(hours=30)
DAY = HOUR.astimezone(HANOI).replace(hour=0)
STARTS = {"hour": HOUR, "day": DAY, "month": DAY.replace(day=1), "year": DAY.replace(month=1, day=1)}
# Half-hourly for three days and a bit: two whole local days.
READINGS = 150
# Stands where the subject will be once it is found.
SOMETHING = Found(Kind.SENSOR, 0, "", "", "Asia/Ho_Chi_Minh", None)


class Town:
    """A ward with a sensor of every quantity that an indicator reads, and one more of two of them.

    Some hours have gaps, faults, calibrating devices, planned maintenance, a calibration; alarms are set.
    """

    def __init__(self, city: City, api_dsn: str) -> None:
        self.city = city
        city.now = START + timedelta(days=5)
        self._dsn = api_dsn
        area = city.area("ha-noi")
        self.ward = city.area("hoan-kiem", area)
        gateway = city.gateway("gw")
        self.site = city.site("tram", self.ward)
        self.feeder = city.site("f1", self.ward, "feeder", customers=120)
        self.sensors: dict[str, int] = {}
        _ = city.engine  # knows the parameters from now on
        self._set_parameters()
        for number, quantity in enumerate(_quantities()):
            site = self.feeder if quantity == "supply_state" else self.site
            self.sensors[quantity] = city.sensor(gateway, site, quantity, 1800)
            city.read(self.sensors[quantity], _readings(quantity, number))
        second = city.site("tram-2", self.ward)
        for quantity in ("pm25", "sound_level"):
            city.read(city.sensor(gateway, second, quantity, 1800), _readings(quantity, 3))
        pm25 = self.sensors["pm25"]
        city.read(pm25, [(HOUR + timedelta(minutes=1), 9.0)], flag=4)
        city.read(pm25, [(HOUR + timedelta(minutes=2), 9.0)], state=1)
        self._service()
        city.engine.drain()

    def _set_parameters(self) -> None:
        self.city.owner.execute(
            "INSERT INTO indicator_parameter (indicator, name, area_id, value, valid_from, source)"
            " SELECT indicator, name, %s, 2.0, '2026-01-01', 'test' FROM parameter"
            " WHERE default_value IS NULL",
            (self.ward,),
        )

    def _service(self) -> None:
        owner = self.city.owner
        owner.execute(
            "INSERT INTO calibration (sensor_id, performed_at, valid_from, scale, value_offset, certificate,"
            " performed_by) SELECT id, %(at)s, %(at)s, 1.02, 0.01, 'c', 'p' FROM sensor"
            " WHERE quantity = 'sound_level'",
            {"at": DAY - timedelta(hours=3)},
        )
        owner.execute(
            "INSERT INTO maintenance_window (site_id, starts_at, ends_at, declared_at, reason)"
            " VALUES (%s, %s, %s, %s, 'm')",
            (
                self.site,
                HOUR + timedelta(minutes=10),
                HOUR + timedelta(minutes=35),
                START - timedelta(days=9),
            ),
        )

    def values(self) -> list[tuple[Any, ...]]:
        """Code, kind, subject, period and start of a value of every indicator, kind and length of period.

        One that is a number, if there is any; of hours and days that are over. Quarters are left out: they
        add up months as years do.
        """
        return self.city.owner.execute(
            "SELECT DISTINCT ON (i.code, v.subject_kind, v.period) i.code, v.subject_kind, v.subject_id,"
            " v.period, v.period_start FROM indicator_cell v JOIN indicator i ON i.id = v.indicator_id"
            " WHERE v.note IS DISTINCT FROM 'terms' AND v.period = ANY (i.periods)"
            " AND v.period <> 'quarter'"
            " AND NOT (v.provisional AND v.period IN ('hour', 'day'))"
            " AND v.subject_kind = ANY (i.subject_kinds)"
            " ORDER BY i.code, v.subject_kind, v.period, v.value IS NULL, v.n DESC, v.period_start DESC"
        ).fetchall()

    def gathered(self, code: str, kind: Kind, period: str, **version: Any) -> Gathered:
        """Return the evidence of a value of the ward, the site, or the sensor of PM2.5."""
        names = {Kind.AREA: "hoan-kiem", Kind.SITE: "tram", Kind.SENSOR: str(self.sensors["pm25"])}
        wanted = Wanted(code, SOMETHING, period, STARTS[period], **version)
        return next(self.all_gathered([(names[kind], kind, wanted)]))

    def all_gathered(self, wanted: list[tuple[str, Kind, Wanted]]) -> Iterator[Gathered]:
        """Yield the evidence of values, as the role of the API sees it."""

        async def run() -> list[Gathered]:
            connection = await psycopg.AsyncConnection.connect(self._dsn)
            async with connection:
                session = Session(connection)
                return [
                    await gather(session, replace(one, subject=await find(session, kind, name)))
                    for name, kind, one in wanted
                ]

        yield from asyncio.run(run())


def _quantities() -> list[str]:
    read = {one for recipe in discover().values() for one in getattr(recipe, "quantities", ())}
    return sorted((read & set(QUANTITIES)) | {"supply_state"})


def _readings(quantity: str, number: int) -> list[tuple[datetime, float]]:
    kept = [k for k in range(READINGS) if not 60 <= k < 64]
    steps = every(START, READINGS, 30)
    kind = QUANTITIES[quantity].kind.value
    if kind == "counter":
        return [(steps[k][0], 3.0 * k) for k in kept]
    if kind == "state" or quantity == "supply_state":
        return [(steps[k][0], float(k % 20 > 2)) for k in kept]
    return [(steps[k][0], 0.1 + (k + number) % 7 / 3) for k in kept]
