"""Parameters of indicators over the API: what is asked for, what is set, and what is computed again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from api.permissions import Role
from processing.parameters import sync_parameters

# 2026-02-01 begins in Hà Nội seven hours before it does in UTC.
DAY = datetime(2026, 1, 31, 17, tzinfo=UTC)
ALARM = {
    "indicator": "flood_hours_1",
    "name": "alarm_1_m",
    "value": 3.5,
    "valid_from": "2026-02-01",
    "source": "Decision 5/2026",
}


@pytest.fixture
def river(city):
    """A city with two gauges, and the parameters that processing declares."""
    with psycopg.connect(city.dsn) as connection:
        sync_parameters(connection)
    for name, area in (("cau-1", "hoan-kiem"), ("cau-2", "bac-kinh")):
        city.made("/sites", {"code": name, "name": name, "kind": "gauge", "area": area})
        level = {"gateway": "gw-1", "name": name, "quantity": "water_level", "interval_s": 3600, "site": name}
        sensor = city.made("/sensors", level)
        city.sql(
            "INSERT INTO hour_fact (sensor_id, hour, n, n_good, slots, expected, integral, covered_s, live_s,"
            " window_s, outages, on_time) SELECT %s, hour, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0"
            " FROM generate_series(%s, %s, interval '1 hour') AS hour",
            (sensor["id"], DAY - timedelta(hours=30), DAY + timedelta(hours=2)),
        )
    city.sql("DELETE FROM dirty_hour")
    return city


def dirty(service):
    return service.sql(
        "SELECT s.name, d.hour, d.readings_changed FROM dirty_hour d JOIN sensor s ON s.id = d.sensor_id"
        " ORDER BY s.name, d.hour"
    )


def hours_of(sensor, *hours):
    return [(sensor, DAY + timedelta(hours=hour), False) for hour in hours]


def put(service, **changed):
    return service.post("/parameters/values", {**ALARM, **changed})


def test_what_indicators_ask_for_is_listed_with_limits_and_both_languages(river):
    asked = river.get("/parameters?indicator=minimum_night_flow").json()["items"]
    assert [(one["name"], one["unit"], one["default"], one["minimum"], one["maximum"]) for one in asked] == [
        ("night_from_hour", "h", 2.0, 0.0, 24.0),
        ("night_to_hour", "h", 4.0, 0.0, 24.0),
    ]
    assert all(one["title_vi"] and one["title_en"] and one["title_vi"] != one["title_en"] for one in asked)
    alarm = river.get("/parameters?indicator=flood_hours_1").json()["items"][0]
    # No default and no limit: JSON has no word for NaN and infinity.
    assert (alarm["default"], alarm["minimum"], alarm["maximum"]) == (None, None, None)
    assert len(river.get("/parameters").json()["items"]) > len(asked)


def test_a_value_is_created_read_and_kept_by_its_day(river):
    made = put(river)
    assert made.status_code == 201, made.text
    first = made.json()
    assert (first["value"], first["unit"], first["valid_from"]) == (3.5, "m", "2026-02-01")
    assert (first["sensor"], first["site"], first["area"]) == (None, None, None)
    later = put(river, valid_from="2027-01-01", value=4.0).json()
    ended = put(river, valid_from="2028-01-01", value=None).json()
    same_day = put(river, value=3.6, source="Decision 6/2026").json()
    assert same_day["id"] == first["id"]
    found = river.get("/parameters/values?indicator=flood_hours_1").json()["items"]
    assert found == [same_day, later, ended]
    assert ended["value"] is None


def test_filters_and_pages_find_what_is_set_for_exactly_one_place(river):
    for where in ({"sensor": "gw-1.cau-1"}, {"site": "cau-1"}, {"area": "ha-noi"}, {}):
        assert put(river, **where).status_code == 201
    for query, held in (("sensor=gw-1.cau-1", "sensor"), ("site=cau-1", "site"), ("area=ha-noi", "area")):
        [found] = river.get(f"/parameters/values?{query}").json()["items"]
        assert [kind for kind in ("sensor", "site", "area") if found[kind] is not None] == [held]
    page = river.get("/parameters/values?limit=3").json()
    assert len(page["items"]) == 3
    rest = river.get(f"/parameters/values?limit=3&cursor={page['next']}").json()
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert river.get("/parameters/values?name=alarm_2_m").json()["items"] == []


def test_what_the_value_touches_is_computed_again_from_its_local_day_on(river):
    """And the last hour before, for the longer periods that it lies in; in Beijing the day begins earlier."""
    put(river)
    assert dirty(river) == hours_of("cau-1", -1, 0, 1, 2) + hours_of("cau-2", -2, -1, 0, 1, 2)


def test_only_sensors_are_touched_for_which_the_value_holds(river):
    held = [
        ({"sensor": "gw-1.cau-1"}, {"cau-1"}),
        ({"site": "cau-2"}, {"cau-2"}),
        ({"area": "ha-noi"}, {"cau-1"}),
        ({"area": "bac-kinh"}, {"cau-2"}),
        ({}, {"cau-1", "cau-2"}),
    ]
    for where, touched in held:
        assert put(river, **where).status_code == 201, where
        assert {name for name, *_ in dirty(river)} == touched, where
        river.sql("DELETE FROM dirty_hour")


def test_another_source_of_the_same_number_computes_nothing_again(river):
    put(river)
    river.sql("DELETE FROM dirty_hour")
    assert put(river, source="Decision 7/2026").json()["source"] == "Decision 7/2026"
    assert dirty(river) == []
    put(river, value=3.6)
    assert {name for name, *_ in dirty(river)} == {"cau-1", "cau-2"}


def test_every_change_is_in_the_audit_with_what_was_before(river):
    put(river, sensor="gw-1.cau-1")
    put(river, sensor="gw-1.cau-1", value=3.6)
    acts = river.sql(
        "SELECT action, object_code, before ->> 'value', after ->> 'value' FROM audit"
        " WHERE object_kind = 'parameter' ORDER BY id"
    )
    code = "flood_hours_1/alarm_1_m/gw-1.cau-1/2026-02-01"
    assert acts == [("create", code, None, "3.5"), ("change", code, "3.5", "3.6")]


def test_evaluators_and_administrators_may_set_a_value(river):
    allowed = {role for role in Role if river.post("/parameters/values", ALARM, role=role).status_code == 201}
    assert allowed == {Role.ADMIN, Role.EVALUATOR}
    assert river.post("/parameters/values", ALARM, role=Role.VIEWER).status_code == 403
    assert river.post("/parameters/values", ALARM, role=None).status_code == 401


def test_bad_input_names_the_field_and_stores_nothing(river):
    refusals = [
        ({"indicator": "pm25_day"}, "indicator", "an indicator that asks for parameters: "),
        ({"name": "alarm"}, "name", "a parameter: alarm_1_m"),
        ({"value": "high"}, "value", "number"),
        ({"valid_from": "31/01/2026"}, "valid_from", "date"),
        ({"valid_from": "1066-10-14"}, "valid_from", "1900-01-01"),
        ({"source": ""}, "source", "1"),
        ({"sensor": "gw-1.cau-1", "area": "ha-noi"}, "area", "at most one of sensor, site and area"),
        ({"site": "nowhere"}, "site", "site"),
        ({"sensor": "gw-1.pm25"}, "sensor", "a sensor of water_level; this one measures pm25"),
        ({"unit": "cm"}, "unit", ""),
    ]
    for changed, field, said in refusals:
        refused = put(river, **changed)
        body = refused.json()
        assert (refused.status_code, body["field"]) == (422, field), refused.text
        assert said in body["expected"]
        assert body["found"]
        assert body["title"] != body["title_vi"]
    assert river.get("/parameters/values").json()["items"] == []
    assert dirty(river) == []


def test_a_value_outside_of_its_limits_is_refused(river):
    night = {"indicator": "minimum_night_flow", "name": "night_to_hour"}
    for value, said in ((-1, "at least 0"), (24.5, "at most 24")):
        refused = put(river, **night, value=value)
        assert (refused.status_code, refused.json()["field"]) == (422, "value")
        assert said in refused.json()["expected"]
    assert put(river, **night, value=24).status_code == 201


def test_without_processing_nothing_is_asked_for(city):
    refused = city.post("/parameters/values", ALARM)
    assert refused.status_code == 422
    assert "before `nhip process` has started" in refused.json()["expected"]
