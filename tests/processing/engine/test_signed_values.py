"""A signed-off value stays whatever is computed later, and the difference is kept as a proposal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tests.processing.engine.city import every

if TYPE_CHECKING:
    from tests.processing.engine.city import City

DAY = datetime(2026, 3, 4, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
KEY = "subject_kind = 'sensor' AND period = 'day' AND i.code = 'completeness'"


def proposals(city: City) -> list[tuple[float, int]]:
    return city.owner.execute(
        f"SELECT p.value, p.n FROM indicator_value_proposal p JOIN indicator i ON i.id = p.indicator_id WHERE {KEY}"  # noqa: S608, E501 # a constant
    ).fetchall()


def revisions(city: City) -> list[tuple[int]]:
    return city.owner.execute(
        f"SELECT r.revision FROM indicator_value_revision r JOIN indicator i ON i.id = r.indicator_id WHERE {KEY}"  # noqa: S608, E501 # a constant
    ).fetchall()


def test_a_late_reading_proposes_and_does_not_change_what_is_signed(city: City) -> None:
    sensor = city.sensor(city.gateway("g", archive=True), city.site("s", city.area("town")), interval_s=600)
    instants = every(DAY, 288)
    city.read(sensor, instants[:30] + instants[60:])
    city.engine.drain()
    before = city.value("completeness", "sensor", sensor, "day", DAY)
    assert before == 114 / 144
    signed = city.owner.execute(
        "SELECT value FROM sign_values((SELECT id FROM indicator WHERE code = 'completeness'), 'sensor',"
        " ARRAY[%s], 'day', %s, %s, 'test', 'report')",
        (sensor, DAY, DAY + timedelta(days=1)),
    ).fetchall()
    assert signed == [(before,)]

    city.read(sensor, instants[30:40])
    city.engine.drain()
    assert city.value("completeness", "sensor", sensor, "day", DAY) == before
    assert proposals(city) == [(124 / 144, 124)]
    assert revisions(city) == []

    city.read(sensor, instants[40:50])
    city.engine.drain()
    assert proposals(city) == [(134 / 144, 134)]

    # What would be computed is what is signed again: there is nothing to propose.
    city.owner.execute(
        "UPDATE reading SET flag = 4 WHERE sensor_id = %s AND ts = ANY (%s)",
        (sensor, [ts for ts, _ in instants[30:50]]),
    )
    city.mark_everything()
    city.engine.drain()
    assert proposals(city) == []


def test_an_accepted_proposal_goes_into_the_longer_periods(city: City) -> None:
    sensor = city.sensor(city.gateway("g", archive=True), city.site("s", city.area("town")), interval_s=600)
    instants = every(DAY, 288)
    city.read(sensor, instants[:30] + instants[60:])
    city.engine.drain()
    month = DAY.replace(day=1)
    assert city.value("completeness", "sensor", sensor, "month", month) == 258 / 288
    city.owner.execute(
        "SELECT sign_values((SELECT id FROM indicator WHERE code = 'completeness'), 'sensor',"
        " ARRAY[%s], 'day', %s, %s, 'test', 'report')",
        (sensor, DAY, DAY + timedelta(days=1)),
    )
    city.read(sensor, instants[30:60])
    city.engine.drain()
    # The month is the sum of the days as they are published.
    assert city.value("completeness", "sensor", sensor, "month", month) == 258 / 288
    city.owner.execute(
        "SELECT revise_signed_value(p.id, 'test', 'late data') FROM indicator_value_proposal p"
        " JOIN indicator i ON i.id = p.indicator_id WHERE i.code = 'completeness'"
    )
    city.mark(sensor, DAY)
    city.engine.drain()
    assert city.value("completeness", "sensor", sensor, "day", DAY) == 1.0
    assert city.value("completeness", "sensor", sensor, "month", month) == 1.0
    assert revisions(city) == [(1,)]
