"""`nhip accounting` and `nhip quarantine` against a service and an ingester that really run."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import psycopg
import pytest

from domain.credentials import api_key_hash, api_key_prefix, new_api_key
from nhip.stack.ports import free_port

STARTED_S = 30


@contextmanager
def running(command, port, **environment):
    """A command of ours as a process of its own, once it says that it is ready."""
    arguments = [sys.executable, "-m", "nhip.cli.main", command]
    with subprocess.Popen(arguments, env={**os.environ, **environment}, stderr=subprocess.PIPE) as process:
        try:
            deadline = time.monotonic() + STARTED_S
            while not ready(port):
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < deadline, "not ready in time"
                time.sleep(0.1)
            yield
        finally:
            process.kill()


def ready(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


class Operator:
    """Somebody at a terminal."""

    def __init__(self, port, key, dsn):
        self.environment = {
            **os.environ,
            "NHIP_API_URL": f"http://127.0.0.1:{port}",
            "NHIP_API_KEY": key,
            "NHIP_STORE_DSN": "",
            "COLUMNS": "200",
        }
        self.dsn = dsn

    def sql(self, statement, parameters=None):
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def nhip(self, *arguments, status=0):
        ended = subprocess.run(
            [sys.executable, "-m", "nhip.cli.main", *arguments],
            env=self.environment,
            capture_output=True,
            check=False,
        )
        assert ended.returncode == status, ended.stderr
        assert b"Traceback" not in ended.stderr
        return ended

    def json(self, *arguments, status=0):
        return json.loads(self.nhip(*arguments, "--json", status=status).stdout)

    def set_aside(self, sensor, reason="unit", unit="ug/m3", moment=1767225600):
        payload = json.dumps({"r": [{"s": sensor, "t": moment, "v": 3.5, "u": unit}]}).encode()
        [(row,)] = self.sql(
            "INSERT INTO quarantine (received_at, gateway, topic, payload_format, reason, sensor,"
            " reading_count, payload, digest)"
            " VALUES (now() - interval '1 minute', 'gw-1', 'nhip/v1/gw-1/data', 'native', %s, %s, 1, %s,"
            " gen_random_uuid()::text::bytea) RETURNING id",
            (reason, sensor, payload),
        )
        self.sql(
            "INSERT INTO accounting (gateway, hour, received, quarantined) SELECT gateway,"
            " date_trunc('hour', received_at), 1, 1 FROM quarantine WHERE id = %s ON CONFLICT (gateway, hour)"
            " DO UPDATE SET received = accounting.received + 1, quarantined = accounting.quarantined + 1",
            (row,),
        )
        return row


@pytest.fixture
def operator(dsn, role_dsn):
    key, port = new_api_key(), free_port()
    operator = Operator(port, key, dsn)
    operator.sql(
        "INSERT INTO api_key (name, role, key_prefix, key_hash) VALUES ('an', 'operator', %s, %s)",
        (api_key_prefix(key), api_key_hash(key)),
    )
    operator.sql("INSERT INTO area (code, name, kind) VALUES ('a', 'A', 'ward')")
    operator.sql("INSERT INTO site (code, name, kind, area_id) SELECT 's', 'S', 'pole', id FROM area")
    operator.sql("INSERT INTO gateway (code, name, archive) VALUES ('gw-1', 'Một', true)")
    operator.sql(
        "INSERT INTO sensor (code, gateway_id, name, quantity, unit, interval_s, site_id)"
        " SELECT 'gw-1.no2', g.id, 'no2', 'no2', 'ug/m3', 60, s.id FROM gateway g, site s"
    )
    with running("api", port, NHIP_STORE_DSN=role_dsn("nhip_api"), NHIP_API_PORT=str(port)):
        yield operator


def test_the_ledger_is_read_and_a_sum_that_does_not_hold_is_a_failure(operator):
    operator.sql(
        "INSERT INTO accounting (gateway, hour, messages, received, stored) SELECT 'gw-' || g,"
        " timestamptz '2026-01-01 00:00+00' + make_interval(hours => h), 1, 5, 5"
        " FROM generate_series(1, 2) g, generate_series(0, 599) h"
    )
    answer = operator.json("accounting")
    assert (answer["received"], answer["balanced"], len(answer["items"])) == (6_000, True, 2)
    hours = operator.json("accounting", "--by", "hour")  # more than a page
    assert len(hours["items"]) == 1_200
    part = ("--gateway", "gw-2", "--from", "2026-01-01T03:00:00Z", "--to", "2026-01-01T05:00:00Z")
    assert operator.json("accounting", *part)["received"] == 10
    assert b"6000" in operator.nhip("accounting").stdout
    names = operator.sql(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'accounting'::regclass AND contype = 'c'"
    )
    for (name,) in names:
        operator.sql(f'ALTER TABLE accounting DROP CONSTRAINT "{name}"')
    operator.sql("UPDATE accounting SET stored = 4 WHERE gateway = 'gw-2' AND hour = '2026-01-01 00:00+00'")
    wrong = operator.json("accounting", status=1)
    assert [item["balanced"] for item in wrong["items"]] == [True, False]


def test_a_row_is_counted_shown_and_exported(operator):
    raw = bytes(range(256))
    [(row,)] = operator.sql(
        "INSERT INTO quarantine (gateway, topic, payload_format, reason, reading_count, payload, digest)"
        " VALUES ('gw-9', 'nhip/v1/gw-9/data', 'gateway', 'malformed', 1, %s, 'x') RETURNING id",
        (raw,),
    )
    assert operator.nhip("quarantine", "show", str(row), "--raw").stdout == raw
    shown = operator.json("quarantine", "show", str(row))
    assert (base64.b64decode(shown["payload_base64"]), shown["reason"]) == (raw, "malformed")
    assert b"malformed" in operator.nhip("quarantine", "show", str(row)).stdout
    readable = operator.set_aside("no2")
    assert '"s": "no2"' in operator.nhip("quarantine", "show", str(readable)).stdout.decode()
    groups = operator.json("quarantine", "summary")["items"]
    assert {(each["reason"], each["gateway"], each["count"]) for each in groups} == {
        ("malformed", "gw-9", 1), ("unit", "gw-1", 1)
    }  # fmt: skip
    assert b"unit" in operator.nhip("quarantine", "summary", "--gateway", "gw-1").stdout
    assert b"no quarantine row" in operator.nhip("quarantine", "show", "99", status=2).stderr


def test_a_replay_is_followed_until_the_ingester_is_done(operator, role_dsn, broker):
    good = operator.set_aside("no2")
    wrong = operator.set_aside("no2", unit="kg", moment=1767225660)
    # Nobody takes it in: the command says so instead of pretending.
    waiting = operator.json("quarantine", "replay", str(good), "--wait", "--wait-s-max", "0.2", status=1)
    assert (waiting["count"], waiting["waiting"]) == (1, 1)
    port = free_port()
    environment = {
        "NHIP_STORE_DSN": role_dsn("nhip_ingest"),
        "NHIP_INGEST_MQTT_URL": broker.url,
        "NHIP_INGEST_METRICS_PORT": str(port),
    }
    with running("ingest", port, **environment):
        answer = operator.json("quarantine", "replay", "--gateway", "gw-1", "--reason", "unit", "--wait")
    assert answer["waiting"] == 0
    rows = dict(operator.sql("SELECT id, status FROM quarantine"))
    assert rows == {good: "replayed", wrong: "open"}
    # The first may have been resolved by the earlier request before this one looked which rows are open.
    assert answer["rows"].get("open") == 1
    assert answer["count"] == sum(answer["rows"].values())
    ledger = operator.json("accounting", "--gateway", "gw-1")
    assert (ledger["stored"], ledger["quarantined"], ledger["balanced"]) == (1, 1, True)
    audit = operator.sql(
        "SELECT actor, action, after ->> 'count' FROM audit WHERE object_kind = 'quarantine' ORDER BY id"
    )
    assert [each[1] for each in audit] == ["replay", "replay"]
    assert all("an" in each[0] for each in audit)
    assert audit[0][2] == "1"
    assert operator.json("quarantine", "discard", str(wrong)) == {"count": 1}
    assert operator.sql("SELECT resolved_by IS NOT NULL FROM quarantine WHERE id = %s", (wrong,)) == [(True,)]


def test_the_doctor_asks_the_service_about_gateways_where_there_is_no_database(operator):
    def said(status):
        answer = operator.json("doctor", "--dsn", "", status=status)
        return answer, sorted(each["code"] for each in answer["findings"] if each["part"] == "gateways")

    operator.sql("UPDATE gateway SET archive = false")
    operator.sql(
        "INSERT INTO gateway_seen (gateway, online, missing, clock_skew_s, last_seen_at, throttled_count,"
        " throttled_at) VALUES ('gw-1', true, '{[7,9)}', 75, now() - interval '1 day', 4, now())"
    )
    answer, codes = said(1)
    assert codes == ["gateways.clock", "gateways.floods", "gateways.gaps", "gateways.silent"]
    assert set(answer["checked"]["gateways"]) == {"clocks", "gaps", "silence", "floods"}
    # Whether the ledger's rule is still there is known to the database alone.
    skipped = {(each["part"], each["subject"]) for each in answer["not_checked"]}
    assert {("gateways", "ledger"), ("database", "all")} <= skipped
    operator.sql(
        "UPDATE gateway_seen SET missing = '{}', clock_skew_s = 0, last_seen_at = now(), throttled_at = NULL"
    )
    operator.sql("INSERT INTO accounting (gateway, hour, received, rejected) VALUES ('gw-1', now(), 7, 7)")
    assert said(1)[1] == ["gateways.rejected"]
    operator.sql("DELETE FROM accounting")
    answer, codes = said(0)
    assert (codes, answer["findings"]) == ([], [])
