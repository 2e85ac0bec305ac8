"""The registry over HTTP: create, read, change, retire, and what each change leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from api.permissions import Role
from api.schemas.base import PayloadFormat
from domain.credentials import broker_password_matches
from ingest.formats import KNOWN_FORMATS

HOUR = datetime(2026, 1, 1, tzinfo=UTC)


def add_facts(service, sensor_id, hours):
    for hour in hours:
        service.sql(
            "INSERT INTO hour_fact (sensor_id, hour, n, n_good, slots, expected, integral, covered_s, live_s,"
            " window_s, outages, on_time) VALUES (%s, %s, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
            (sensor_id, hour),
        )


def dirty(service):
    return service.sql("SELECT sensor_id, hour FROM dirty_hour ORDER BY hour")


def test_area_is_created_read_changed_and_retired(service):
    made = service.made("/areas", {"code": "da-nang", "name": "Đà Nẵng", "kind": "city"})
    assert service.get("/areas/da-nang").json() == made
    assert service.get(f"/areas/{made['id']}").json() == made
    changed = service.patch("/areas/da-nang", {"name_en": "Da Nang"}).json()
    assert (changed["name"], changed["name_en"]) == ("Đà Nẵng", "Da Nang")
    assert service.delete("/areas/da-nang").json()["retired_at"] is not None
    assert service.get("/areas").json()["items"] == []
    assert len(service.get("/areas?include_retired=true").json()["items"]) == 1
    assert service.get("/areas/da-nang").status_code == 200
    assert service.patch("/areas/da-nang", {"name": "x"}).status_code == 409


def test_area_cannot_be_below_itself(city):
    refused = city.patch("/areas/ha-noi", {"parent": "hoan-kiem"})
    assert refused.status_code == 422
    assert refused.json()["field"] == "parent"


def test_null_where_there_is_no_null_is_refused(city):
    refused = city.patch("/areas/ha-noi", {"name": None})
    assert (refused.status_code, refused.json()["field"]) == (422, "name")


def test_area_in_use_is_not_retired(city):
    assert city.delete("/areas/ha-noi").status_code == 409
    assert city.delete("/areas/hoan-kiem").status_code == 409


def test_site_with_zones_is_found_by_area_above_and_by_zone(city):
    city.made("/areas", {"code": "pho-co", "name": "Phố cổ", "kind": "zone"})
    city.patch("/sites/tram-1", {"zones": ["pho-co"]})
    for area in ("ha-noi", "hoan-kiem", "pho-co"):
        assert [site["code"] for site in city.get(f"/sites?area={area}").json()["items"]] == ["tram-1"]
    assert city.get("/sites/tram-1").json()["zones"] == ["pho-co"]


def test_site_that_moves_to_another_area_has_its_past_computed_again(city):
    add_facts(city, 1, [HOUR])
    city.patch("/sites/tram-1", {"name": "Trạm số 1"})
    assert dirty(city) == []
    city.patch("/sites/tram-1", {"area": "ha-noi"})
    assert dirty(city) == [(1, HOUR)]


def test_gateway_gets_a_password_that_only_its_hash_remembers(service):
    made = service.made("/gateways", {"code": "gw-9"})
    assert made["username"] == made["gateway"] == made["code"] == "gw-9"
    [(kept,)] = service.sql("SELECT password_hash FROM gateway_credential WHERE revoked_at IS NULL")
    assert broker_password_matches(made["password"], kept)
    rotated = service.made("/gateways/gw-9/credentials", None)
    assert rotated["password"] != made["password"]
    [(kept,)] = service.sql("SELECT password_hash FROM gateway_credential WHERE revoked_at IS NULL")
    assert broker_password_matches(rotated["password"], kept)


def test_gateway_cannot_have_the_name_of_an_ingester(service):
    for code in ("nhip-ingest", "nhip-ingest-2", "nhip-ingest-64"):
        refused = service.post("/gateways", {"code": code})
        problem = refused.json()
        assert (refused.status_code, problem["field"], problem["found"]) == (422, "code", code)
        assert problem["expected"] == "a code other than those of the ingesters, nhip-ingest(-[0-9]+)?"
    assert service.get("/gateways").json()["items"] == []
    assert service.made("/gateways", {"code": "nhip-ingest-hanoi"})["code"] == "nhip-ingest-hanoi"


def test_credential_is_active_once_a_broker_has_loaded_it(service):
    service.sql("INSERT INTO broker_access_applied (broker, version) VALUES ('b', 0)")
    assert service.made("/gateways", {"code": "gw-8"})["credential_active"] is False
    service.sql("UPDATE broker_access_applied SET version = 1000000")
    assert service.made("/gateways", {"code": "gw-9"})["credential_active"] is True


def test_gateway_without_any_broker_is_answered_at_once(service):
    assert service.made("/gateways", {"code": "gw-9"})["credential_active"] is False


def test_retired_gateway_takes_its_sensors_and_credential_along(city):
    assert city.delete("/gateways/gw-1").json()["has_credential"] is False
    assert city.get("/sensors/gw-1.pm25").json()["retired_at"] is not None
    assert city.get("/sensors/1/deployments").json()["items"][0]["valid_to"] is not None
    assert city.get("/gateways/gw-1").status_code == 200
    assert city.post("/gateways/gw-1/credentials").status_code == 409


def test_payload_formats_are_those_the_ingester_knows():
    assert set(PayloadFormat.__args__) == set(KNOWN_FORMATS)


def test_sensor_has_a_code_of_gateway_and_name_and_the_unit_of_its_quantity(city):
    sensor = city.get("/sensors/gw-1.pm25").json()
    assert (sensor["id"], sensor["unit"], sensor["area"]) == (1, "ug/m3", "hoan-kiem")
    assert city.get("/sensors/1").json() == sensor


def test_sensor_of_an_archive_is_deployed_since_1970(city):
    [deployment] = city.get("/sensors/gw-2.pm25/deployments").json()["items"]
    assert deployment["valid_from"] == "1970-01-01T00:00:00Z"


def test_sensor_heard_before_it_was_registered_is_deployed_since_then(city):
    heard = datetime.now(UTC) - timedelta(hours=3)
    city.sql(
        "INSERT INTO quarantine (received_at, gateway, topic, payload_format, reason, sensor,"
        " reading_count, payload,"
        " last_ts, digest) VALUES (%s, 'gw-1', 't', 'native', 'unknown_sensor', 'no2', 1, '', %s, '1')",
        (heard, heard),
    )
    made = city.made(
        "/sensors", {"gateway": "gw-1", "name": "no2", "quantity": "no2", "interval_s": 60, "site": "tram-1"}
    )
    [deployment] = city.get(f"/sensors/{made['id']}/deployments").json()["items"]
    assert datetime.fromisoformat(deployment["valid_from"]) == heard


def test_second_sensor_of_one_name_on_a_gateway_is_refused(city):
    body = {"gateway": "gw-1", "name": "pm25", "quantity": "pm10", "interval_s": 60, "site": "tram-1"}
    refused = city.post("/sensors", body)
    assert refused.status_code == 409
    assert "gw-1.pm25" in refused.json()["detail"]


def test_sensor_that_replaces_a_retired_one_gets_a_code_of_its_own(city):
    city.delete("/sensors/gw-1.pm25")
    body = {"gateway": "gw-1", "name": "pm25", "quantity": "pm25", "interval_s": 60, "site": "tram-1"}
    assert city.made("/sensors", body)["code"] == "gw-1.pm25-2"


WRONG_FIELDS = [
    ({"unit": "kg"}, "unit"),
    ({"unit": "nonsense"}, "unit"),
    ({"quantity": "pm3"}, "quantity"),
    ({"gateway": "nobody"}, "gateway"),
    ({"site": "nowhere"}, "site"),
    ({"interval_s": 0}, "interval_s"),
    ({"interval_s": "often"}, "interval_s"),
    ({"latitude": 91}, "latitude"),
    ({"name": ""}, "name"),
    ({"name": "a\x00b"}, "name"),
    ({"colour": "red"}, "colour"),
    ({"deployed_at": "2026-01-01T00:00:00"}, "deployed_at"),
]


def test_sensor_with_a_wrong_field_is_refused_by_name(city):
    body = {"gateway": "gw-1", "name": "x", "quantity": "pm25", "interval_s": 60, "site": "tram-1"}
    for change, field in WRONG_FIELDS:
        refused = city.post("/sensors", body | change)
        problem = refused.json()
        assert (refused.status_code, problem["field"]) == (422, field)
        assert problem["found"]
        assert problem["expected"]
        assert refused.headers["content-type"] == "application/problem+json"


def test_spelling_of_a_unit_becomes_its_ucum_code(city):
    body = {"gateway": "gw-1", "name": "x", "quantity": "pm25", "interval_s": 60, "site": "tram-1"}
    assert city.made("/sensors", {**body, "unit": "mg/m³"})["unit"] == "mg/m3"


def test_move_closes_the_deployment_and_opens_a_new_one(city):
    moved_at = datetime.now(UTC) + timedelta(hours=1)
    changed = city.patch(
        "/sensors/1", {"site": "dongsi", "moved_at": moved_at.isoformat(), "note": "tách trạm"}
    )
    assert changed.json()["site"] == "dongsi"
    new, old = city.get("/sensors/1/deployments").json()["items"]
    assert (old["site"], new["site"], new["note"]) == ("tram-1", "dongsi", "tách trạm")
    assert old["valid_to"] == new["valid_from"]


def test_move_before_the_sensor_came_to_its_place_is_refused(city):
    refused = city.patch("/sensors/1", {"site": "dongsi", "moved_at": "2020-01-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["field"]) == (422, "moved_at")
    assert city.get("/sensors/1").json()["site"] == "tram-1"


def test_changed_interval_has_the_whole_past_computed_again(city):
    add_facts(city, 1, [HOUR, HOUR + timedelta(hours=1)])
    city.patch("/sensors/1", {"title": "PM2.5 tầng 1"})
    assert dirty(city) == []
    city.patch("/sensors/1", {"interval_s": 60})
    assert dirty(city) == [(1, HOUR), (1, HOUR + timedelta(hours=1))]


def test_calibration_has_the_hours_of_its_validity_computed_again(city):
    add_facts(city, 1, [HOUR + timedelta(hours=each) for each in range(4)])
    made = city.made(
        "/sensors/1/calibrations",
        {"valid_from": "2026-01-01T08:30:00+07:00", "valid_to": "2026-01-01T10:00:00+07:00", "scale": 1.1},
    )
    assert made["valid_from"] == "2026-01-01T01:30:00Z"
    assert [hour for _, hour in dirty(city)] == [HOUR + timedelta(hours=1), HOUR + timedelta(hours=2)]
    assert city.get("/sensors/1/calibrations").json()["items"] == [made]


def test_every_change_is_in_the_audit_log_with_before_and_after(city):
    city.patch("/sensors/1", {"title": "mới"})
    entry = city.get("/audit?object_kind=sensor&object_code=gw-1.pm25&limit=1", role=Role.ADMIN).json()[
        "items"
    ][0]
    assert (entry["action"], entry["before"]["title"], entry["after"]["title"]) == ("change", None, "mới")
    assert entry["actor"].startswith("test-admin#")
    assert entry["origin"] == "198.51.100.7"
    kinds = {row[0] for row in city.sql("SELECT DISTINCT object_kind FROM audit")}
    assert kinds == {"area", "site", "gateway", "sensor"}


def test_no_secret_is_kept_in_clear(city):
    password = city.post("/gateways", {"code": "gw-5"}, headers={"Idempotency-Key": "once"}).json()[
        "password"
    ]
    key = city.made("/keys", {"name": "k", "role": "viewer"})["key"]
    session = city.post("/session", {"key": city.keys[Role.ADMIN]}, role=None).cookies["nhip_session"]
    tables = ("audit", "idempotency", "api_key", "gateway_credential", "gateway")
    dump = str([city.sql(f"SELECT t::text FROM {table} t") for table in tables])  # noqa: S608 # names from above
    for secret in (password, key, session, *city.keys.values()):
        assert secret not in dump


def test_maintenance_window_marks_its_hours(city):
    body = {"sensor": "gw-1.pm25", "starts_at": "2026-01-01T00:10:00Z", "ends_at": "2026-01-01T02:00:00Z"}
    made = city.made("/maintenance", {**body, "reason": "hiệu chuẩn"})
    assert made["planned"] is False  # declared afterwards
    assert [hour for _, hour in dirty(city)] == [HOUR + timedelta(hours=each) for each in range(3)]
    assert city.get("/maintenance?sensor=1").json()["items"] == [made]
    assert city.post("/maintenance", {**body, "site": "tram-1", "reason": "x"}).status_code == 422


def test_interruption_is_entered_by_hand_and_explained(city):
    city.made(
        "/sensors",
        {"gateway": "gw-1", "name": "feeder", "quantity": "supply_state", "interval_s": 60, "site": "tram-1"},
    )
    body = {
        "site": "tram-1",
        "started_at": "2026-01-01T07:30:00+07:00",
        "ended_at": "2026-01-01T08:30:00+07:00",
    }
    made = city.made("/interruptions", {**body, "customers": 120})
    assert (made["duration_s"], made["customers"], made["sensor"]) == (3600, 120, None)
    assert [hour for _, hour in dirty(city)] == [HOUR, HOUR + timedelta(hours=1)]
    changed = city.patch(f"/interruptions/{made['id']}", {"planned": True, "excluded_reason": "bão"}).json()
    assert (changed["planned"], changed["excluded_reason"]) == (True, "bão")
    assert city.get("/interruptions?area=ha-noi&from=2026-01-01&to=2026-01-02").json()["items"] == [changed]
    assert city.get("/interruptions?from=2026-01-02").json()["items"] == []
    assert city.post("/interruptions", body).status_code == 409
    assert city.patch("/interruptions/999", {"planned": True}).status_code == 404


def test_end_of_a_measured_interruption_is_not_set_by_hand(city):
    city.sql(
        "INSERT INTO interruption (site_id, sensor_id, started_at, ended_at, customers) VALUES"
        " (1, 1, %s, %s, 1)",
        (HOUR, HOUR),
    )
    assert city.patch("/interruptions/1", {"ended_at": "2026-01-01T05:00:00Z"}).status_code == 409
    assert city.patch("/interruptions/1", {"note": "xe đâm cột"}).status_code == 200


def test_target_of_a_programme_is_set_and_replaced(city):
    programme = {"code": "de-an-1", "title": "Đề án", "document": "QĐ 1/2026", "area": "ha-noi"}
    city.made("/programmes", {**programme, "valid_from": "2026-01-01"})
    target = {
        "programme": "de-an-1", "indicator": "pm25_day", "area": "ha-noi", "period": "year",
        "direction": "lower", "target": 40, "due_year": 2030, "source": "Phụ lục 1",
    }  # fmt: skip
    city.made("/targets", target)
    city.made("/targets", {**target, "target": 35})
    assert [each["target"] for each in city.get("/targets?area=ha-noi").json()["items"]] == [35]
    assert city.post("/targets", {**target, "programme": "none"}).json()["field"] == "programme"


def test_quantities_name_the_units_they_accept(service):
    items = {each["code"]: each for each in service.get("/quantities").json()["items"]}
    assert "mg/m3" in items["pm25"]["units"]
    assert items["supply_state"]["service_vi"] == "Điện lực"


def test_status_shows_the_newest_and_the_first_valid_reading(city):
    city.sql("UPDATE gateway SET accept_past_s = 1e9")
    city.sql("SELECT ensure_reading_partitions(%s, %s)", (HOUR, HOUR))
    now = datetime.now(UTC)
    for minute, flag in ((0, 4), (1, 1), (2, 1)):
        city.sql(
            "INSERT INTO reading (ts, received_at, value, sensor_id, flag, state) VALUES (%s,"
            " %s, %s, 1, %s, 0)",
            (HOUR + timedelta(minutes=minute), now + timedelta(seconds=minute), 20 + minute, flag),
        )
    status = city.get("/sensors/1/status").json()
    assert (status["last_reading"]["value"], status["first_valid_reading"]["value"]) == (22, 21)
    later = (now + timedelta(seconds=1.5)).isoformat()
    status = city.call("GET", "/sensors/1/status", params={"first_valid_reading_since": later}).json()
    assert status["first_valid_reading"]["value"] == 22
