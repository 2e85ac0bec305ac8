"""Nonsense on the HTTP door: a clear problem, never a traceback, never a 5xx."""

from __future__ import annotations

import asyncio
import re

import httpx
from pydantic import SecretStr

from api.app import create_app
from api.permissions import Role
from api.settings import ApiSettings
from store import StoreSettings
from tests.api.conftest import Service

NONSENSE = [
    "",
    "0",
    "-1",
    "99999999999999999999999",
    "null",
    "\x00",
    "%",
    "' OR 1=1 --",
    "../../etc/passwd",
    "x" * 5000,
    "ế" * 100,
    "٣",
    "1e999",
    "[]",
    "2014-13-45",
    "9999-12-31T23:59:60Z",
]
BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"x"',
    b"NaN",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"code": 1e999}',
    b'{"code": "\\u0000", "name": "\\ud800", "kind": "city"}',
    b'{"code": {"a": []}, "name": null, "rows": 5, "key": []}',
    b'{"' + b"k" * 10_000 + b'": 1}',
    b'{"code": ' + b"9" * 5000 + b"}",
    b'{"rows": [1, null, [], {"gateway": {}}, {"\\ud800": "\\ud800"}, {"gateway": "\\u0000"}]}',
]


def assert_problem(response):
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json", response.text
        problem = response.json()
        assert problem["type"].startswith("urn:nhip:problem:")
        assert problem["status"] == response.status_code
        assert problem["detail"]
        assert problem["title_vi"]
        assert "Traceback" not in response.text


def test_nonsense_in_every_path_and_query_parameter_is_a_problem(city):
    for path, methods in city.app.openapi()["paths"].items():
        operation = methods.get("get")
        if operation is None or not path.startswith("/api/"):
            continue
        parameters = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
        for value in NONSENSE:
            address = re.sub(r"\{\w+\}", lambda _, value=value: _quoted(value) or "x", path)
            needed = {each["name"]: "gw-1.pm25" for each in parameters if each.get("required")}
            assert_problem(city.call("GET", address, role=Role.ADMIN, params=needed))
            if "{" not in path and parameters:
                given = {each["name"]: value for each in parameters}
                assert_problem(city.call("GET", path, role=Role.ADMIN, params=given))


def _quoted(text):
    return "".join(f"%{byte:02x}" for byte in text.encode()).replace("%2f", "x")


def test_nonsense_in_every_body_is_a_problem(city):
    for path, methods in city.app.openapi()["paths"].items():
        for method in {"post", "patch"} & methods.keys():
            if "requestBody" not in methods[method]:
                continue
            address = re.sub(r"\{\w+\}", "1", path)
            for body in BODIES:
                headers = {"Content-Type": "application/json"}
                assert_problem(
                    city.call(method.upper(), address, role=Role.ADMIN, content=body, headers=headers)
                )


WRONG_PARAMETERS = [
    ("periood=day", "periood", "did you mean period"),
    ("period=week", "period", "hour"),
    ("limit=0", "limit", "greater"),
    ("limit=20000", "limit", "10000"),
    ("limit=ten", "limit", "integer"),
    ("cursor=abc", "cursor", "cursor"),
    ("area=ha-noi&site=tram-1", "site", "at most one"),
    ("from=2014-01-15T00:00:00", "from", "offset"),
    ("from=15/01/2014", "from", "2014-01-15"),
    ("from=1389718800000", "from", "RFC 3339"),
    ("from=0001-01-01", "from", "year"),
    ("from=2014-02-30", "from", "date"),
    ("from=2014-02-01&to=2014-01-01", "to", "not before"),
    ("from=2014-01-01T00:00:60Z", "from", "instant"),
    ("period=day&period=hour", "period", "one value"),
    ("format=pdf", "format", "json"),
    ("kind=planet", "kind", "sensor"),
]


def test_wrong_parameter_is_named_with_what_was_expected(city):
    city.sql(INDICATOR)
    for query, field, expected in WRONG_PARAMETERS:
        refused = city.get(f"/indicators/pm25_day/values?{query}")
        problem = refused.json()
        assert (refused.status_code, problem.get("field")) == (422, field), query
        assert expected in problem["expected"], query
        assert problem["found"], query


INDICATOR = """INSERT INTO indicator (code, title_vi, title_en, unit, service, direction, subject_kinds,
    periods, formula_vi, formula_en, completeness_rule_vi, completeness_rule_en, source, method_version)
    VALUES ('pm25_day', '', '', 'ug/m3', 'air', 'lower', '{site,area}', '{day,hour}', '', '',
    '', '', '', '1')"""


def test_what_does_not_exist_is_a_404_that_says_what_kind(service):
    for path, kind in (
        ("/areas/nowhere", "area"),
        ("/sensors?site=nowhere", "site"),
        ("/readings?sensor=nothing", "sensor"),
        ("/indicators/nothing/values", "indicator"),
        ("/nothing", "address"),
    ):
        response = service.get(path)
        assert (response.status_code, response.json()["field"]) == (404, kind)


def test_wrong_method_says_which_are_offered(service):
    refused = service.call("PUT", "/areas")
    assert refused.status_code == 405
    assert "GET" in refused.json()["detail"]


def test_body_above_its_limit_is_refused_also_when_it_does_not_say_its_length(service):
    async def chunks():
        for _ in range(40):
            yield b" " * 50_000

    for content in (b" " * 2_000_000, chunks()):
        refused = service.call("POST", "/areas", role=Role.ADMIN, content=content)
        assert (refused.status_code, refused.json()["type"]) == (413, "urn:nhip:problem:too-large")


def test_answers_carry_security_headers_also_when_they_are_errors(service):
    for path in ("/areas", "/nothing", "/docs"):
        headers = service.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"]


def test_database_that_is_away_is_a_503_and_comes_back(role_dsn, dsn):
    """The service starts without its database, says so, and its own health stays green."""
    dead = role_dsn("nhip_api").replace("nhip_api", "nobody_at_all")
    with Service(role_dsn("nhip_api"), dsn) as service:
        app = create_app(ApiSettings(pool_wait_s_max=0.2), StoreSettings(dsn=SecretStr(dead)))
        service.app.state.database = app.state.database
        service._runner.run(app.state.database._pool.open(wait=False))
        try:
            refused = service.get("/areas")
            assert (refused.status_code, refused.json()["type"]) == (503, "urn:nhip:problem:unavailable")
            assert int(refused.headers["retry-after"]) > 0
            assert "nobody" not in refused.text
            assert service.get("/readyz").status_code == 503
            assert service.get("/healthz").status_code == 200
        finally:
            service._runner.run(app.state.database._pool.close())


def test_slow_query_is_a_504(role_dsn, dsn):
    with Service(role_dsn("nhip_api"), dsn, store={"statement_timeout_ms": 100}) as service:
        service.sql("INSERT INTO area (code, name, kind) VALUES ('a', 'a', 'zone')")
        service.sql("ALTER TABLE programme RENAME TO programme_stored")
        service.sql("CREATE VIEW programme AS SELECT p.* FROM programme_stored p, (SELECT pg_sleep(10)) s")
        service.sql("GRANT SELECT ON programme TO nhip_api")
        service.sql(
            "INSERT INTO programme_stored (code, title, document, area_id, valid_from)"
            " VALUES ('p', 'p', 'p', 1, now())"
        )
        refused = service.get("/programmes")
        assert (refused.status_code, refused.json()["type"]) == (504, "urn:nhip:problem:timeout")


def test_unmigrated_database_is_not_ready_and_says_what_to_do(empty_dsn):
    app = create_app(ApiSettings(), StoreSettings(dsn=SecretStr(empty_dsn)))

    async def ask():
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://nhip.test") as client,
        ):
            return await client.get("/readyz")

    answer = asyncio.run(ask())
    assert answer.status_code == 503
    assert "nhip migrate" in answer.text
