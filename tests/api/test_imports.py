"""Import of many sensors, and requests that are sent twice."""

from __future__ import annotations

from api.permissions import Role
from api.settings import ApiSettings
from domain.credentials import broker_password_matches
from tests.api.conftest import Service

ROW = {
    "gateway": "gw-7", "sensor": "pm25", "quantity": "pm25", "unit": "µg/m³", "interval_s": 60,
    "site": "tram-7",
    "area": "quan-7", "latitude": 10.73, "longitude": 106.72,
}  # fmt: skip


def send(service, rows, **options):
    return service.made("/import", {"rows": rows, **options})


def test_import_makes_everything_that_is_missing_and_changes_nothing_the_second_time(service):
    rows = [
        ROW,
        {
            **ROW,
            "sensor": "feeder",
            "quantity": "supply_state",
            "unit": None,
            "site": "lo-1",
            "customers": 90,
        },
    ]
    first = send(service, rows, create=True, credentials=True)
    assert first["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 0}
    assert [item["code"] for item in first["items"]] == ["gw-7.pm25", "gw-7.feeder"]
    [credential] = first["credentials"]
    [(kept,)] = service.sql("SELECT password_hash FROM gateway_credential")
    assert broker_password_matches(credential["password"], kept)
    before = service.sql("SELECT count(*) FROM audit")
    again = send(service, rows, create=True, credentials=True)
    assert again["counts"] == {"created": 0, "updated": 0, "unchanged": 2, "rejected": 0}
    assert again["credentials"] == []
    assert [item["sensor_id"] for item in again["items"]] == [item["sensor_id"] for item in first["items"]]
    assert service.sql("SELECT count(*) FROM audit") == before
    sites = {site["code"]: site for site in service.get("/sites").json()["items"]}
    assert (sites["tram-7"]["kind"], sites["lo-1"]["kind"], sites["lo-1"]["customers"]) == (
        "air_station",
        "feeder",
        90,
    )
    assert sites["tram-7"]["latitude"] == 10.73
    assert service.get("/sensors/gw-7.pm25").json()["unit"] == "ug/m3"
    rotated = send(service, rows, credentials="rotate")
    assert rotated["credentials"][0]["password"] != credential["password"]


def test_import_changes_what_differs_and_moves_what_moved(service):
    send(service, [ROW], create=True)
    changed = send(service, [{**ROW, "interval_s": "30,5", "site": "tram-8", "title": "Mới"}], create=True)
    assert changed["counts"]["updated"] == 1
    sensor = service.get("/sensors/gw-7.pm25").json()
    assert (sensor["interval_s"], sensor["site"], sensor["title"]) == (30.5, "tram-8", "Mới")
    new, old = service.get("/sensors/gw-7.pm25/deployments").json()["items"]
    assert (old["site"], old["valid_to"], new["site"]) == ("tram-7", new["valid_from"], "tram-8")
    [entry] = service.get("/audit?object_kind=sensor&limit=1", role=Role.ADMIN).json()["items"]
    assert (entry["before"]["interval_s"], entry["after"]["interval_s"]) == (60, 30.5)


def test_dry_run_says_what_would_happen_and_keeps_nothing(service):
    answer = send(service, [ROW], create=True, dry_run=True, credentials=True)
    assert answer["counts"]["created"] == 1
    assert answer["items"][0]["sensor_id"] is None
    assert answer["credentials"] == []
    for table in ("area", "site", "gateway", "sensor", "gateway_credential", "audit"):
        assert service.sql(f"SELECT count(*) FROM {table}") == [(0,)], table  # noqa: S608 # names from above


def test_archive_accepts_the_past_from_1970_on(service):
    send(service, [ROW], create=True, archive=True)
    assert service.get("/gateways/gw-7").json()["archive"] is True
    [deployment] = service.get("/sensors/gw-7.pm25/deployments").json()["items"]
    assert deployment["valid_from"].startswith("1970-01-01")


WRONG_ROWS = [
    ({"gateway": "GW 7"}, "gateway"),
    ({"gateway": None}, "gateway"),
    ({"gateway": "nhip-ingest-2"}, "gateway"),
    ({"sensor": "  "}, "sensor"),
    ({"sensor": "x" * 65}, "sensor"),
    ({"quantity": "pm3"}, "quantity"),
    ({"unit": "kg"}, "unit"),
    ({"unit": 5}, "unit"),
    ({"interval_s": 0}, "interval_s"),
    ({"interval_s": "1e999"}, "interval_s"),
    ({"interval_s": True}, "interval_s"),
    ({"interval_s": "1_0"}, "interval_s"),
    ({"interval_s": "1.000,5"}, "interval_s"),
    ({"site": "Trạm 7"}, "site"),
    ({"area": "Quận 7"}, "area"),
    ({"latitude": 91}, "latitude"),
    ({"latitude": None}, "latitude"),
    ({"longitude": "106°"}, "longitude"),
    ({"customers": 1.5}, "customers"),
    ({"site_kind": "palace"}, "site_kind"),
    ({"time_zone": "Mars/Base"}, "time_zone"),
    ({"deployed_at": "2026-01-01T00:00:00"}, "deployed_at"),
    ({"colour": "red"}, "colour"),
    ({"area_parent": "nowhere"}, "area_parent"),
    ({"site_name": "a\nb"}, "site_name"),
]


def test_each_wrong_row_is_explained_and_the_others_go_in(service):
    """The table of errors: field, what was found and what was expected, by row number."""
    wrong = [{**ROW, "sensor": f"s{number}", **change} for number, (change, _) in enumerate(WRONG_ROWS)]
    # A contradiction inside one area must not reach the good row.
    for row, (change, _) in zip(wrong, WRONG_ROWS, strict=True):
        if "area_parent" in change:
            row.update(area="khac", site="tram-khac")
    answer = send(service, [*wrong, 5, ROW, ROW], create=True)
    assert answer["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "rejected": len(wrong) + 2}
    for item, (_, field) in zip(answer["items"], WRONG_ROWS, strict=False):
        assert (item["action"], item["error"]["field"]) == ("rejected", field), item
        assert item["error"]["found"]
        assert item["error"]["expected"]
    assert answer["items"][-3]["error"]["field"] == "row"
    assert answer["items"][-1]["error"]["field"] == "sensor"
    assert [area["code"] for area in service.get("/areas").json()["items"]] == ["quan-7"]


def test_rows_that_contradict_the_registry_are_refused(city):
    city.delete("/gateways/gw-2")
    row = {**ROW, "gateway": "gw-1", "site": "tram-1", "area": "hoan-kiem"}
    cases = [
        ({"quantity": "pm10"}, "quantity"),
        ({"sensor": "a", "gateway": "gw-2"}, "gateway"),
        ({"sensor": "b", "gateway": "gw-x"}, "gateway"),
        ({"sensor": "c", "site": "x"}, "site"),
        ({"sensor": "d", "area": "x"}, "area"),
        ({"sensor": "e", "area": "ha-noi"}, "area"),
    ]
    answer = send(city, [{**row, "sensor": "first"}, *({**row, **change} for change, _ in cases)])
    assert [item["error"] and item["error"]["field"] for item in answer["items"]] == [
        None,
        *(f for _, f in cases),
    ]


def test_areas_are_made_from_the_top_down_and_only_by_who_may(service):
    rows = [
        {**ROW, "area": "phuong", "area_parent": "quan", "area_name": "Phường"},
        {**ROW, "sensor": "b", "site": "b", "area": "quan", "area_parent": "tp"},
        {**ROW, "sensor": "c", "site": "c", "area": "tp", "time_zone": "Asia/Bangkok"},
    ]
    refused = service.post("/import", {"rows": rows, "create": True}, role=Role.TECHNICIAN).json()
    assert [item["error"]["field"] for item in refused["items"]] == ["area"] * 3
    send(service, rows, create=True)
    areas = {area["code"]: area for area in service.get("/areas").json()["items"]}
    assert (areas["phuong"]["parent"], areas["quan"]["parent"], areas["tp"]["kind"]) == ("quan", "tp", "city")
    assert areas["tp"]["time_zone"] == "Asia/Bangkok"


def test_sensor_registered_again_after_retirement_gets_another_code(service):
    send(service, [ROW], create=True)
    service.delete("/sensors/gw-7.pm25")
    assert send(service, [ROW])["items"][0]["code"] == "gw-7.pm25-2"
    service.delete("/sensors/gw-7.pm25-2")
    assert send(service, [ROW])["items"][0]["code"] == "gw-7.pm25-3"


def test_many_rows_are_imported_set_by_set(service):
    rows = [
        {**ROW, "gateway": f"gw-{i // 10}", "sensor": f"s{i}", "site": f"tram-{i // 10}"}
        for i in range(5_000)
    ]
    assert send(service, rows, create=True, credentials=True)["counts"]["created"] == 5_000
    assert service.sql("SELECT count(*) FROM deployment") == [(5_000,)]


def test_more_rows_than_allowed_are_refused(role_dsn, dsn):
    with Service(role_dsn("nhip_api"), dsn, import_rows_max=1) as service:
        assert service.post("/import", {"rows": [ROW, ROW]}).status_code == 413
    assert ApiSettings().import_rows_max >= 100_000


def test_same_idempotency_key_acts_once_and_answers_the_same(service):
    body = {"code": "gw-1", "name": "Một"}
    key = {"Idempotency-Key": "a1"}
    first = service.post("/gateways", body, headers=key)
    again = service.post("/gateways", body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == {**first.json(), "password": None}
    assert service.sql("SELECT count(*) FROM gateway") == [(1,)]
    other = service.post("/gateways", {"code": "gw-2"}, headers=key)
    assert other.status_code == 409
    assert service.post("/gateways", {"code": "gw-1"}, headers={"Idempotency-Key": "b"}).status_code == 409
    # The key of somebody else is another key.
    assert service.post("/gateways", {"code": "gw-3"}, headers=key, role=Role.TECHNICIAN).status_code == 201


def test_failed_request_leaves_its_idempotency_key_free(service):
    key = {"Idempotency-Key": "a1"}
    assert (
        service.post(
            "/sites", {"code": "s", "name": "s", "kind": "pump", "area": "x"}, headers=key
        ).status_code
        == 422
    )
    service.made("/areas", {"code": "x", "name": "x", "kind": "zone"})
    assert (
        service.post(
            "/sites", {"code": "s", "name": "s", "kind": "pump", "area": "x"}, headers=key
        ).status_code
        == 201
    )
    assert service.post("/areas", {}, headers={"Idempotency-Key": ""}).status_code == 422
