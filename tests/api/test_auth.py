"""Keys, roles, sessions, throttling."""

from __future__ import annotations

import re

from api.permissions import GRANTS, Permission, Role
from api.throttle import FailureThrottle
from tests.api.conftest import Service

REFUSALS = {401, 403}


def operations(service):
    for path, methods in service.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), re.sub(r"\{\w+\}", "999999", path), operation


def test_every_operation_lets_exactly_its_roles_in(service):
    """The matrix role x operation, made from OpenAPI: what is promised there is what happens."""
    for method, path, operation in operations(service):
        permission = operation.get("x-permission")
        if permission is None:
            continue
        for role in (None, *Role):
            status = service.call(method, path, role=role).status_code
            open_to_all = role is None and permission == Permission.READ
            allowed = open_to_all or (role is not None and role in operation["x-roles"])
            assert (status not in REFUSALS) == allowed, (method, path, role, status)
            assert status < 500


def test_every_operation_says_what_it_is_in_both_languages(service):
    for method, path, operation in operations(service):
        assert operation["summary"], (method, path)
        assert operation["x-summary-vi"], (method, path)
        assert operation["x-summary-vi"] != operation["summary"]


def test_every_operation_promises_problems_and_not_the_frameworks_own_errors(service):
    schema = service.app.openapi()
    assert "HTTPValidationError" not in schema["components"]["schemas"]
    for method, path, operation in operations(service):
        if path.startswith("/api/"):
            assert "application/problem+json" in operation["responses"]["422"]["content"], (method, path)


def test_no_changing_operation_is_open(service):
    opened = {
        (method, path)
        for method, path, operation in operations(service)
        if method != "GET" and operation.get("x-permission") in {None, Permission.READ}
    }
    assert opened == {("POST", "/api/v1/session"), ("DELETE", "/api/v1/session")}


def test_every_permission_is_used_and_admin_has_all(service):
    used = {operation.get("x-permission") for _, _, operation in operations(service)} - {None}
    assert used == {permission.value for permission in Permission}
    assert all(Role.ADMIN in roles for roles in GRANTS.values())


def test_reads_need_a_key_where_the_operator_closed_them(role_dsn, dsn):
    with Service(role_dsn("nhip_api"), dsn, public_read=False) as service:
        assert service.get("/areas").status_code == 401
        assert service.get("/areas", role=Role.VIEWER).status_code == 200
        assert service.get("/healthz").status_code == 200


def test_wrong_authorization_is_refused_also_for_reads(service):
    for header in (
        "Bearer nonsense",
        "Bearer ",
        "Basic YTpi",
        "bearer",
        "Bearer nhip_\xff",
        "Bearer " + "x" * 5000,
    ):
        refused = service.get("/areas", headers={"Authorization": header.encode("latin-1")})
        assert refused.status_code == 401
        assert refused.json()["type"] == "urn:nhip:problem:unauthenticated"
        assert refused.headers["www-authenticate"].startswith("Bearer")


def test_expired_and_revoked_keys_are_refused(service):
    made = service.made("/keys", {"name": "tạm", "role": "viewer", "expires_at": "2999-01-01T00:00:00Z"})
    bearer = {"Authorization": f"Bearer {made['key']}"}
    assert service.get("/areas", headers=bearer).status_code == 200
    service.sql("UPDATE api_key SET expires_at = now() - interval '1 s' WHERE id = %s", (made["id"],))
    assert service.get("/areas", headers=bearer).status_code == 401
    service.sql("UPDATE api_key SET expires_at = NULL WHERE id = %s", (made["id"],))
    assert service.delete(f"/keys/{made['id']}").json()["revoked_at"] is not None
    assert service.get("/areas", headers=bearer).status_code == 401


def test_key_is_listed_without_its_secret(service):
    made = service.made("/keys", {"name": "máy", "role": "technician"})
    [listed] = [
        each for each in service.get("/keys", role=Role.ADMIN).json()["items"] if each["id"] == made["id"]
    ]
    assert "key" not in listed
    assert made["key"].startswith(listed["key_prefix"])
    assert service.post("/keys", {"name": "x", "role": "king"}).json()["field"] == "role"


def test_session_cookie_may_read_and_with_our_header_change(service):
    opened = service.post("/session", {"key": service.keys[Role.OPERATOR]}, role=None)
    flags = opened.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=strict" in flags
    assert "max-age=43200" in flags
    assert opened.json()["role"] == "operator"
    assert service.get("/session").json()["actor"].startswith("test-operator#")
    body = {"code": "x", "name": "x", "kind": "zone"}
    refused = service.post("/areas", body, role=None)
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:nhip:problem:cross-site")
    own = {"X-Nhip-Request": "1"}
    assert service.post("/areas", body, role=None, headers=own).status_code == 201
    [(actor,)] = service.sql("SELECT DISTINCT actor FROM audit WHERE object_kind = 'area'")
    assert actor == opened.json()["actor"]


def test_session_ends_by_log_out_and_with_its_key(service):
    own = {"X-Nhip-Request": "1"}
    for end in ("log out", "revoke"):
        made = service.made("/keys", {"name": end, "role": "technician"})
        opened = service.post("/session", {"key": made["key"]}, role=None)
        cookie = opened.cookies["nhip_session"]
        assert service.get("/session").json()["role"] == "technician"
        if end == "log out":
            assert service.call("DELETE", "/session", headers=own).status_code == 204
        else:
            service.delete(f"/keys/{made['id']}")
        service.client.cookies.clear()
        refused = service.call("POST", "/sites", json={}, headers={**own, "Cookie": f"nhip_session={cookie}"})
        assert refused.status_code == 401
        # Reading goes on: an old cookie must not close the pages.
        assert service.get("/areas", headers={"Cookie": f"nhip_session={cookie}"}).status_code == 200


def test_session_is_not_a_key_that_is_listed(service):
    service.post("/session", {"key": service.keys[Role.ADMIN]}, role=None)
    names = [each["name"] for each in service.get("/keys", role=Role.ADMIN).json()["items"]]
    assert sorted(names) == sorted(f"test-{role}" for role in Role)


def test_wrong_key_does_not_log_in(service):
    refused = service.post("/session", {"key": "nhip_wrong"}, role=None)
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers


def test_many_wrong_keys_are_slowed_down_but_not_who_worked_before(role_dsn, dsn):
    with Service(role_dsn("nhip_api"), dsn, failures_max=3) as service:
        service.get("/areas", role=Role.VIEWER)
        wrong = {"Authorization": "Bearer nhip_wrong"}
        statuses = [service.get("/areas", headers=wrong).status_code for _ in range(4)]
        assert statuses == [401, 401, 401, 429]
        refused = service.get("/areas", headers=wrong)
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert service.get("/areas", role=Role.VIEWER).status_code == 200
        assert service.get("/areas").status_code == 200


def test_throttle_forgets_after_its_window_and_is_bounded():
    throttle = FailureThrottle(2, 10)
    for _ in range(2):
        throttle.failed("a", now=0)
    assert throttle.retry_after_s("a", b"k", now=4) == 6
    assert throttle.retry_after_s("b", b"k", now=4) == 0
    assert throttle.retry_after_s("a", b"k", now=10) == 0
    for client in range(20_000):
        throttle.failed(str(client), now=0)
    assert len(throttle._failures) <= 10_000
