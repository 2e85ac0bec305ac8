"""The ledger and the quarantine as operators use them: numbers, files, single rows, and what is on record."""

from __future__ import annotations

import base64
import csv
import io

import pytest

from api.permissions import Role

NATIVE = b'{"r":[{"s":"no2","t":1767225600.0,"v":3.5,"u":"ug/m3"}]}'


def set_aside(service, gateway="gw-1", reason="unit", payload=NATIVE, readings=1, sensor="no2"):
    [(row,)] = service.sql(
        "INSERT INTO quarantine (gateway, topic, payload_format, reason, sensor, reading_count,"
        " payload, digest) VALUES (%s, %s, 'native', %s, %s, %s, %s, gen_random_uuid()::text::bytea)"
        " RETURNING id",
        (gateway, f"nhip/v1/{gateway}/data", reason, sensor, readings, payload),
    )
    return row


@pytest.fixture
def ledger(city):
    city.sql(
        "INSERT INTO accounting (gateway, hour, messages, received, stored, duplicate, quarantined)"
        " SELECT 'gw-' || g, timestamptz '2026-01-01 00:00+00' + make_interval(hours => h), 2, 9, 6, 2, 1"
        " FROM generate_series(1, 3) g, generate_series(1, 5) h"
    )
    city.sql(
        "INSERT INTO gateway_seen (gateway, last_batch_id, missing, clock_skew_s, throttled_count,"
        " throttled_at) VALUES ('gw-1', 18446744073709551615, '{[7,9),[11,12)}', -75, 4, now())"
    )
    return city


def test_sums_by_gateway_tell_gaps_skew_and_floods(ledger):
    answer = ledger.get("/accounting").json()
    assert answer["balanced"] is True
    one, two, _ = answer["items"]
    assert (one["gap_count"], one["clock_skew_s"], one["throttled_count"]) == (3, -75, 4)
    assert one["last_batch_id"] == "18446744073709551615"
    assert one["last_seen_at"] is not None
    assert (two["gap_count"], two["last_batch_id"], two["last_seen_at"]) == (None, None, None)


def test_a_sum_that_does_not_hold_is_told_even_where_the_total_fits(ledger):
    constraints = ledger.sql(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'accounting'::regclass AND contype = 'c'"
    )
    for (name,) in constraints:
        ledger.sql(f'ALTER TABLE accounting DROP CONSTRAINT "{name}"')
    ledger.sql("UPDATE accounting SET stored = 5 WHERE gateway = 'gw-1' AND hour = '2026-01-01 01:00+00'")
    ledger.sql("UPDATE accounting SET stored = 7 WHERE gateway = 'gw-1' AND hour = '2026-01-01 02:00+00'")
    answer = ledger.get("/accounting").json()
    assert answer["received"] == sum(
        answer[name] for name in ("stored", "duplicate", "conflict", "quarantined", "rejected")
    )
    assert answer["balanced"] is False
    assert [item["balanced"] for item in answer["items"]] == [False, True, True]
    hours = ledger.get("/accounting?group=hour&gateway=gw-1").json()["items"]
    assert [item["balanced"] for item in hours] == [False, False, True, True, True]


@pytest.mark.parametrize(("group", "rows"), [("gateway", 3), ("hour", 15)])
def test_the_ledger_comes_as_a_table(ledger, group, rows):
    answer = ledger.get(f"/accounting?group={group}&format=csv")
    assert f"accounting-{group}.csv" in answer.headers["content-disposition"]
    table = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(table) == rows
    assert sum(int(row["received"]) for row in table) == 135
    assert ("hour" in table[0]) == (group == "hour")
    assert (
        len(
            list(
                csv.DictReader(io.StringIO(ledger.get(f"/accounting?group={group}&format=csv&limit=2").text))
            )
        )
        == 2
    )
    assert ledger.get(f"/accounting?group={group}&format=parquet").status_code == 200


def test_gateways_tell_what_is_missing_and_who_floods(ledger):
    gateway = ledger.get("/gateways/gw-1").json()
    assert (gateway["gap_count"], gateway["throttled_count"]) == (3, 4)
    assert gateway["throttled_at"] is not None
    assert ledger.get("/gateways/gw-2").json()["throttled_at"] is None


def test_quarantine_is_counted_by_reason_and_gateway(city):
    for gateway, reason, readings in (("gw-1", "unit", 2), ("gw-1", "unit", 3), ("gw-2", "unit", 1)):
        set_aside(city, gateway, reason, readings=readings)
    last = set_aside(city, "gw-9", "future", readings=9)
    groups = city.get("/quarantine/summary").json()["items"]
    assert [(each["gateway"], each["reason"], each["count"], each["readings"]) for each in groups] == [
        ("gw-9", "future", 1, 9), ("gw-1", "unit", 2, 5), ("gw-2", "unit", 1, 1)
    ]  # fmt: skip
    assert groups[0]["reason_vi"] == "Thời điểm ở tương lai"
    assert groups[0]["payload_bytes"] == len(NATIVE)
    city.post(f"/quarantine/{last}/replay")
    [waiting] = city.get("/quarantine/summary?gateway=gw-9").json()["items"]
    assert waiting["waiting"] == 1
    city.post(f"/quarantine/{last}/discard")
    assert city.get("/quarantine/summary?gateway=gw-9").json()["items"] == []
    [closed] = city.get(f"/quarantine/summary?ids={last}&status=all").json()["items"]
    assert (closed["status"], closed["waiting"]) == ("discarded", 0)
    assert city.get("/quarantine/summary?ids=1,x").json()["field"] == "ids"
    assert city.get("/quarantine/summary?ids=" + ",".join(map(str, range(501)))).status_code == 422


def test_one_row_is_read_whole(city):
    row = set_aside(city)
    answer = city.get(f"/quarantine/{row}").json()
    assert base64.b64decode(answer["payload_base64"]) == NATIVE
    assert answer["content"]["r"][0] == {"s": "no2", "t": 1767225600.0, "v": 3.5, "u": "ug/m3"}
    assert answer["payload_bytes"] == len(NATIVE)
    long = set_aside(city, reason="malformed", payload=b"\xff\x00" * 3_000)
    answer = city.get(f"/quarantine/{long}").json()
    assert (answer["payload_bytes"], answer["content"]) == (6_000, None)
    assert answer["payload"].startswith("\\xff")
    deep = set_aside(city, payload=b"[" * 50_000)
    assert city.get(f"/quarantine/{deep}").json()["content"] is None
    assert [city.get(f"/quarantine/{each}").status_code for each in (row + 99, "x", 10**30)] == [404] * 3


@pytest.mark.parametrize("action", ["replay", "discard"])
def test_replay_and_discard_are_on_record_with_actor_and_count(city, action):
    for _ in range(3):
        set_aside(city, "gw-1", "unit")
    row = set_aside(city, "gw-2", "unit")
    assert city.post(f"/quarantine/{action}?gateway=gw-1&reason=unit").json() == {"count": 3}
    assert city.post(f"/quarantine/{row}/{action}", role=Role.OPERATOR).json() == {"count": 1}
    assert city.post(f"/quarantine/{action}?gateway=nobody").json() == {"count": 0}
    entries = [
        each
        for each in city.get("/audit", role=Role.ADMIN).json()["items"]
        if each["object_kind"] == "quarantine"
    ]
    found = sorted(
        (each["actor"], each["action"], each["object_code"], each["after"]["count"]) for each in entries
    )
    assert [each[1:] for each in found] == [
        (action, "gateway=gw-1, reason=unit", 3), (action, f"id={row}", 1)
    ]  # fmt: skip
    assert "admin" in found[0][0]
    assert "operator" in found[1][0]
    assert city.post(f"/quarantine/{action}?gateway=gw-1", role=Role.VIEWER).status_code == 403
