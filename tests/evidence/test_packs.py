"""A value's pack, made from a real database, gives the same bits again; what is changed in it is found."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import psycopg
import pytest
from pydantic import SecretStr

from api.database import Session
from api.errors import ConflictError, NotFoundError
from api.packs.gathering import Gathered, Wanted, gather
from api.references import Found, Kind, find
from domain import evidence
from domain.evidence import BrokenPackError, seal
from processing.evidence.recording import record_methods
from processing.evidence.verifying import UnknownMethodError, verify
from processing.indicators import discover
from processing.indicators.recipes import FactSumRecipe, FormulaRecipe
from store import StoreSettings
from tests.processing.engine.city import START, City, every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR = START.replace(minute=0, second=0, microsecond=0) + timedelta(hours=30)
DAY = HOUR.astimezone(HANOI).replace(hour=0)
STARTS = {
    "hour": HOUR,
    "day": DAY,
    "month": DAY.replace(day=1),
    "year": DAY.replace(month=1, day=1),
}

# Stands where the subject will be once it is found.
SOMETHING = Found(Kind.SENSOR, 0, "", "", "Asia/Ho_Chi_Minh", None)


class Town:
    """Two sensors of one ward, two days of readings with a gap, a fault and a calibration."""

    def __init__(self, city: City, api_dsn: str) -> None:
        self.city = city
        self._dsn = api_dsn
        area = city.area("ha-noi")
        ward = city.area("hoan-kiem", area)
        gateway = city.gateway("gw")
        site = city.site("tram", ward)
        self.sensors = [city.sensor(gateway, site), city.sensor(gateway, site, "no2", 300)]
        for sensor, minutes in zip(self.sensors, (10, 5), strict=True):
            readings = [(ts, 0.1 + k % 7 / 3) for k, (ts, _) in enumerate(every(START, 400, minutes))]
            city.read(sensor, readings[:100] + readings[130:])
        city.read(self.sensors[0], [(START + timedelta(hours=30, minutes=1), 9.0)], flag=4)
        city.read(self.sensors[0], [(START + timedelta(hours=30, minutes=2), 9.0)], state=1)
        city.engine.drain()
        record_methods(city.owner, discover().values(), city.settings)

    def gathered(
        self,
        code: str,
        kind: Kind,
        period: str,
        revision: int | None = None,
        as_of: datetime | None = None,
    ) -> Gathered:
        """Return the evidence, as the role of the API sees it."""

        name = "hoan-kiem" if kind is Kind.AREA else str(self.sensors[0])
        return self._gathered((kind, name), Wanted(code, SOMETHING, period, STARTS[period], revision, as_of))

    def pack_of(self, code: str, kind: Kind, name: str, period: tuple[str, datetime]) -> bytes:
        """Return the pack of any value that holds."""
        return self._gathered((kind, name), Wanted(code, SOMETHING, *period)).pack()

    def _gathered(self, subject: tuple[Kind, str], wanted: Wanted) -> Gathered:
        async def run() -> Gathered:
            connection = await psycopg.AsyncConnection.connect(self._dsn)
            async with connection:
                session = Session(connection)
                return await gather(session, replace(wanted, subject=await find(session, *subject)))

        return asyncio.run(run())


@pytest.fixture
def town(store_settings: StoreSettings, role_dsn: Callable[[str], str]) -> Iterator[Town]:
    city = City(store_settings, StoreSettings(dsn=SecretStr(role_dsn("nhip_processing"))))
    yield Town(city, role_dsn("nhip_api"))
    city.close()


def test_every_level_comes_out_the_same(town: Town) -> None:
    checked, with_value = 0, 0
    for code, recipe in sorted(discover().items()):
        if not isinstance(recipe, FactSumRecipe):
            continue
        for kind in (Kind.SENSOR, Kind.AREA):
            for period in STARTS:
                if kind.value in recipe.indicator.subject_kinds and period in recipe.indicator.periods:
                    report = verify(town.gathered(code, kind, period).pack())
                    assert report.identical, (code, kind, period, report.differences)
                    assert report.same_method
                    checked += 1
                    with_value += report.recomputed["value"] is not None
    assert checked >= 50
    assert with_value >= 40


def test_a_verdict_is_judged_again(town: Town) -> None:
    owner = town.city.owner
    owner.execute(
        "INSERT INTO programme (code, title, document, area_id, valid_from)"
        " SELECT 'p', 'p', 'p', id, '2020-01-01' FROM area WHERE code = 'hoan-kiem'"
    )
    owner.execute(
        "INSERT INTO target (programme_id, indicator, area_id, period, direction, target, due_year, source)"
        " SELECT p.id, 'availability', p.area_id, 'day', 'higher', 0.5, 2030, 'p' FROM programme p"
    )
    town.city.mark_everything()
    town.city.engine.drain()
    gathered = town.gathered("availability", Kind.AREA, "day")
    report = verify(gathered.pack())
    assert report.identical
    assert report.recomputed["verdict"] == gathered.manifest["value"]["verdict"]
    assert report.recomputed["verdict"] is not None
    manifest = json.loads(gathered.files[evidence.MANIFEST])
    manifest["target"]["target"] = 2.0
    forged = verify(seal(gathered.files | {evidence.MANIFEST: evidence.manifest_bytes(manifest)}))
    assert [one.name for one in forged.differences] == ["verdict"]
    assert "would change" in gathered.files["explanation.en.txt"].decode()


def test_a_formula_is_computed_from_its_inputs(town: Town) -> None:
    city = town.city
    feeder = city.sensor(1, city.site("f1", 2, "feeder", customers=120), "supply_state", 300)
    states = [(ts, float(k % 50 > 3)) for k, (ts, _) in enumerate(every(START, 400, 5))]
    city.read(feeder, states)
    city.engine.drain()
    compared = 0
    for code, recipe in sorted(discover().items()):
        if not isinstance(recipe, FormulaRecipe):
            continue
        row = town.city.owner.execute(
            "SELECT subject_kind, subject_id, period, period_start FROM indicator_value v"
            " JOIN indicator i ON i.id = v.indicator_id WHERE i.code = %s AND v.note IS DISTINCT FROM 'terms'"
            " ORDER BY (v.value IS NULL), 1, 2, 3, 4 LIMIT 1",
            (code,),
        ).fetchone()
        if row is None:
            continue
        kind, subject_id, period, start = row
        report = verify(town.pack_of(code, Kind(kind), str(subject_id), (period, start)))
        assert report.identical, (code, report.differences)
        compared += report.recomputed["value"] is not None
    assert compared


def test_the_same_evidence_is_the_same_file(town: Town) -> None:
    first = town.gathered("availability", Kind.SENSOR, "day")
    assert first.pack() == town.gathered("availability", Kind.SENSOR, "day").pack()


def test_what_did_not_count_is_told(town: Town) -> None:
    gathered = town.gathered("availability", Kind.SENSOR, "hour")
    assert gathered.manifest["inputs"]["excluded"] == {"flag_4": 1, "device_state_1": 1}
    english = gathered.files["explanation.en.txt"].decode()
    vietnamese = gathered.files["explanation.vi.txt"].decode()
    assert "Left out: 1 readings because of flag_4." in english
    assert repr(gathered.manifest["value"]["value"]) in english
    assert "Không tính: 1 số đo vì flag_4." in vietnamese


def test_a_changed_file_is_named_and_a_forged_value_is_found(town: Town) -> None:
    gathered = town.gathered("availability", Kind.SENSOR, "day")
    pack = bytearray(gathered.pack())
    pack[pack.index(b"PAR1") + 20] ^= 1
    with pytest.raises(BrokenPackError) as broken:
        verify(bytes(pack))
    assert broken.value.file == "facts.parquet"
    # Sealed again, so that all hashes hold: the arithmetic finds it.
    manifest = json.loads(gathered.files[evidence.MANIFEST])
    manifest["value"]["value"] = 0.999
    report = verify(seal(gathered.files | {evidence.MANIFEST: evidence.manifest_bytes(manifest)}))
    assert [difference.name for difference in report.differences] == ["value"]
    assert report.differences[0].told == 0.999


def test_another_version_of_the_method_is_said(town: Town) -> None:
    gathered = town.gathered("availability", Kind.SENSOR, "day")
    manifest = json.loads(gathered.files[evidence.MANIFEST])
    manifest["value"]["method_version"] = "0"
    report = verify(seal(gathered.files | {evidence.MANIFEST: evidence.manifest_bytes(manifest)}))
    assert report.identical
    assert not report.same_method


def test_as_of_gives_what_was_published_then_and_says_what_is_lost(town: Town) -> None:
    before = town.gathered("availability", Kind.SENSOR, "day").manifest["value"]
    town.city.owner.execute("UPDATE hour_fact SET computed_at = computed_at - interval '1 day'")
    town.city.owner.execute("UPDATE indicator_value SET computed_at = computed_at - interval '1 day'")
    known = datetime.now(UTC) - timedelta(hours=1)
    town.city.read(
        town.sensors[0], [(START + timedelta(minutes=10 * k), 1.0) for k in range(100, 130)], delay_s=1
    )
    town.city.engine.drain()
    now = town.gathered("availability", Kind.SENSOR, "day").manifest
    then = town.gathered("availability", Kind.SENSOR, "day", as_of=known).manifest
    assert now["value"]["value"] != before["value"]
    assert now["value"]["revision"] > before["revision"]
    assert not now["not_reproducible"]
    assert then["value"]["value"] == before["value"]
    assert then["not_reproducible"] == ["superseded"]
    assert len(now["history"]) == 2
    by_number = town.gathered("availability", Kind.SENSOR, "day", revision=before["revision"]).manifest
    assert by_number["value"]["value"] == before["value"]
    with pytest.raises(NotFoundError):
        town.gathered("availability", Kind.SENSOR, "day", as_of=known - timedelta(days=2))


def test_what_cannot_be_packed_is_refused_in_words(town: Town) -> None:
    with pytest.raises(NotFoundError):
        town.gathered("no_such", Kind.SENSOR, "day")
    gathered = town.gathered("availability", Kind.SENSOR, "day")
    manifest = json.loads(gathered.files[evidence.MANIFEST]) | {"indicator": "vn_aqi_day"}
    with pytest.raises(UnknownMethodError):
        verify(seal(gathered.files | {evidence.MANIFEST: evidence.manifest_bytes(manifest)}))
    town.city.owner.execute(
        "INSERT INTO method (indicator, method_version, content) SELECT indicator, method_version,"
        " jsonb_set(content, '{family}', '\"history\"') FROM method WHERE indicator = 'availability'"
    )
    town.city.owner.execute("UPDATE indicator_value SET computed_at = now() + interval '1 hour'")
    with pytest.raises(ConflictError):
        town.gathered("availability", Kind.SENSOR, "day")
