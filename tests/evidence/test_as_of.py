"""A value is given as it was at any past instant, with the inputs of then."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from api.errors import NotFoundError
from api.references import Kind
from domain import evidence
from domain.evidence import seal
from processing.context import put_in_force
from processing.evidence.verifying import compared, verify
from tests.evidence.town import DAY
from tests.processing.engine.city import START

if TYPE_CHECKING:
    from tests.evidence.town import Town

CHANGED = [
    ("availability", Kind.SENSOR, "day"),  # from facts
    ("availability", Kind.AREA, "day"),  # from the sums of hours
    ("pm25_day", Kind.SITE, "day"),  # from hourly means
    ("pm25_day", Kind.AREA, "day"),  # from stations
    ("vn_aqi_day", Kind.SITE, "day"),
]


@pytest.fixture(scope="module")
def past(town: Town) -> datetime:
    """An instant before which the town was computed, and after which late readings came."""
    owner = town.city.owner
    for table in ("hour_fact", "indicator_value"):
        owner.execute(f"UPDATE {table} SET computed_at = computed_at - interval '1 day'")  # noqa: S608 # ours
    late = [(START + timedelta(minutes=30 * k), 30.0 + k) for k in range(60, 64)]
    town.city.read(town.sensors["pm25"], late, delay_s=1)
    town.city.engine.drain()
    return datetime.now(UTC) - timedelta(hours=1)


@pytest.mark.parametrize(("code", "kind", "period"), CHANGED)
def test_both_what_held_and_what_holds_come_out_again(
    town: Town, past: datetime, code: str, kind: Kind, period: str
) -> None:
    then = town.gathered(code, kind, period, as_of=past)
    now = town.gathered(code, kind, period)
    assert then.manifest["value"]["value"] != now.manifest["value"]["value"]
    for gathered in (then, now):
        found, differences = compared(gathered.manifest, gathered.tables)
        assert not differences
        assert found["value"] is not None
        assert not gathered.manifest["not_reproducible"]


def test_a_superseded_value_is_found_by_its_number(town: Town, past: datetime) -> None:
    then = town.gathered("availability", Kind.SENSOR, "day", as_of=past).manifest["value"]
    by_number = town.gathered("availability", Kind.SENSOR, "day", revision=then["revision"])
    assert by_number.manifest["value"] == then
    assert not compared(by_number.manifest, by_number.tables)[1]
    assert len(by_number.manifest["history"]) == then["revision"] + 1
    with pytest.raises(NotFoundError):
        town.gathered("availability", Kind.SENSOR, "day", as_of=past - timedelta(days=2))


def test_a_verdict_is_judged_again(town: Town, past: datetime) -> None:
    assert past
    owner = town.city.owner
    owner.execute(
        "INSERT INTO programme (code, title, document, area_id, valid_from)"
        " SELECT 'p', 'p', 'p', id, '2020-01-01' FROM area WHERE code = 'hoan-kiem'"
    )
    owner.execute(
        "INSERT INTO target (programme_id, indicator, area_id, period, direction, target, due_year, source)"
        " SELECT p.id, 'availability', p.area_id, 'day', 'higher', 0.5, 2030, 'p' FROM programme p"
    )
    town.city.mark(town.sensors["pm25"], DAY)
    town.city.engine.drain()
    gathered = town.gathered("availability", Kind.AREA, "day")
    report = verify(gathered.pack())
    assert report.identical
    assert report.recomputed["verdict"] == gathered.manifest["value"]["verdict"]
    assert report.recomputed["verdict"] is not None
    manifest = json.loads(gathered.files[evidence.MANIFEST])
    manifest["target"]["target"] = 2.0
    forged = verify(seal({**gathered.files, evidence.MANIFEST: evidence.manifest_bytes(manifest)}))
    assert [one.name for one in forged.differences] == ["verdict"]
    assert "would change" in gathered.files["explanation.en.txt"].decode()


def test_an_indicator_of_the_city_comes_with_its_definition(town: Town, past: datetime) -> None:
    assert past
    town.city.owner.execute(
        "INSERT INTO indicator_definition (code, version, body, created_by, reason)"
        " VALUES ('twice_up', 1, %s, 'test', 'test')",
        (
            json.dumps(
                {
                    "code": "twice_up",
                    "title": {"vi": "Hai lần", "en": "Twice"},
                    "unit": "1",
                    "service": "air",
                    "direction": "higher",
                    "subjects": ["area"],
                    "periods": ["day"],
                    "formula": "2 * availability",
                    "source": "test",
                }
            ),
        ),
    )
    town.city.mark(town.sensors["pm25"], DAY)
    try:
        town.city.engine.drain()
    finally:
        put_in_force({})
    gathered = town.gathered("twice_up", Kind.AREA, "day")
    up = town.gathered("availability", Kind.AREA, "day").manifest["value"]["value"]
    report = verify(gathered.pack())
    assert report.identical
    assert report.recomputed["value"] == 2 * up
