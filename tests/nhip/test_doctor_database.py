"""`nhip doctor` on databases, ingesters and gateways with something wrong, and with it put right."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from nhip.cli.main import main
from nhip.doctor import ingester
from nhip.doctor.examination import Installation, examine
from nhip.doctor.finding import Limits, Part, Severity
from nhip.health import serve_health
from nhip.stack.ports import free_port
from nhip.stack.postgres import EmbeddedPostgres
from store import StoreSettings
from store.migrations import migrate


def settings_of(dsn):
    return StoreSettings(dsn=SecretStr(dsn))


class Patient:
    """A database to spoil and to examine."""

    def __init__(self, dsn):
        self.dsn = dsn
        self.connection = psycopg.connect(dsn, autocommit=True)

    def sql(self, statement, parameters=None):
        self.connection.execute(statement, parameters)

    def report(self, dsn=None, **limits):
        return examine(Installation(store=settings_of(dsn or self.dsn), limits=Limits(**limits)))

    def codes(self, *parts, dsn=None, **limits):
        wanted = parts or (Part.DATABASE, Part.GATEWAYS)
        return {each.code for each in self.report(dsn, **limits).findings if each.part in wanted}


@pytest.fixture
def patient(dsn):
    patient = Patient(dsn)
    yield patient
    patient.connection.close()


def add_gateway(patient, code="gw-1"):
    patient.sql("INSERT INTO gateway (code, name) VALUES (%s, %s)", (code, code))
    patient.sql("INSERT INTO area (code, name, kind) VALUES ('a', 'A', 'ward') ON CONFLICT DO NOTHING")
    patient.sql(
        "INSERT INTO site (code, name, kind, area_id) SELECT 's', 'S', 'pole', id FROM area"
        " ON CONFLICT DO NOTHING"
    )
    patient.sql(
        "INSERT INTO sensor (code, gateway_id, name, quantity, unit, interval_s, site_id)"
        " SELECT g.code || '.pm25', g.id, 'pm25', 'pm25', 'ug/m3', 600, s.id FROM gateway g, site s"
        " WHERE g.code = %s",
        (code,),
    )
    patient.sql("INSERT INTO gateway_seen (gateway, online) VALUES (%s, true)", (code,))


def see(patient, assignment, code="gw-1"):
    patient.sql(f"UPDATE gateway_seen SET {assignment} WHERE gateway = '{code}'")  # noqa: S608


def test_a_healthy_database_has_nothing_wrong(patient):
    add_gateway(patient)
    report = patient.report(disk_free_share_min=0)
    # No ingester runs here, and that is the one thing that is found.
    assert {each.code for each in report.findings} == {"ingester.none_active"}
    assert {"migrated", "durability", "clock", "transactions", "timescale"} <= set(
        report.checked[Part.DATABASE]
    )
    assert set(report.checked[Part.GATEWAYS]) == {"clocks", "gaps", "silence", "floods", "ledger"}


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_settings_with_which_a_power_cut_loses_data(own_server, setting):
    own_server.sql(f"ALTER SYSTEM SET {setting} = off")
    own_server.sql("SELECT pg_reload_conf()")
    eventually_codes(own_server, {f"database.{setting}"})
    own_server.sql(f"ALTER SYSTEM RESET {setting}")
    own_server.sql("SELECT pg_reload_conf()")
    eventually_codes(own_server, set())


def eventually_codes(patient, wanted):
    for _ in range(50):
        found = patient.codes(disk_free_share_min=0)
        if found == wanted:
            return
        threading.Event().wait(0.1)
    pytest.fail(f"found {found}, expected {wanted}")


@pytest.fixture(scope="module")
def own_server():
    """A server that may be badly configured without hurting other tests."""
    from tests.conftest import scratch_folder

    with scratch_folder("doctor") as folder, EmbeddedPostgres(folder) as server:
        migrate(settings_of(server.dsn))
        patient = Patient(server.dsn)
        yield patient
        patient.connection.close()


def test_a_role_without_durability(patient):
    name = patient.connection.info.dbname
    patient.sql(f'ALTER ROLE nhip_api IN DATABASE "{name}" SET synchronous_commit = off')
    codes = patient.codes(Part.DATABASE, disk_free_share_min=0)
    assert codes == {"database.synchronous_commit_of_role"}
    patient.sql(f'ALTER ROLE nhip_api IN DATABASE "{name}" RESET synchronous_commit')
    assert patient.codes(Part.DATABASE, disk_free_share_min=0) == set()


def test_what_runs_full_is_told(patient):
    assert "database.disk" in patient.codes(disk_free_share_min=1)
    assert "database.disk" not in patient.codes(disk_free_share_min=0)
    assert "database.clock" in patient.codes(clock_difference_s_max=-1)
    assert "database.connections" in patient.codes(connections_share_max=0)
    patient.sql("SELECT ensure_reading_partitions('2026-01-01', '2026-03-01')")
    assert "database.locks" in patient.codes(locks_share_max=0)
    assert patient.codes(disk_free_share_min=0) == set()


def test_a_database_that_was_never_migrated(empty_dsn, patient):
    report = examine(Installation(store=settings_of(empty_dsn), limits=Limits(disk_free_share_min=0)))
    assert {each.code for each in report.findings if each.part is Part.DATABASE} == {"database.revision"}
    # What cannot be asked of another schema is not fine, it is not checked.
    assert {"gaps", "ledger"} <= {each.subject for each in report.unchecked}
    assert Part.GATEWAYS not in report.checked
    assert "database.revision" not in patient.codes()


def test_a_database_that_is_not_there():
    report = examine(Installation(store=settings_of(f"postgresql://x:y@127.0.0.1:{free_port()}/x")))
    assert [each.code for each in report.findings] == ["database.unreachable"]
    assert report.exit_code == 1


def test_transactions_that_stay_open(patient, role_dsn):
    with psycopg.connect(patient.dsn, application_name="forgotten") as other:
        other.execute("SELECT 1")
        [found] = [
            each for each in patient.report(transaction_age_s_max=0, disk_free_share_min=0).findings
            if each.code == "database.long_transaction"
        ]  # fmt: skip
        assert "forgotten" in found.found.en
        assert str(other.info.backend_pid) in found.remedy.en
        # A role that cannot see the transactions of others does not say that there are none.
        report = patient.report(role_dsn("nhip_api"), transaction_age_s_max=0)
        assert "transactions" in {each.subject for each in report.unchecked}
        assert "transactions" not in report.checked[Part.DATABASE]
    assert "database.long_transaction" not in patient.codes(transaction_age_s_max=0)


def test_a_backlog_of_processing(patient):
    patient.sql(
        "INSERT INTO dirty_hour (sensor_id, hour, marked_at) VALUES (1, now(), now() - interval '1 h')"
    )
    assert "database.backlog" in patient.codes()
    patient.sql("UPDATE dirty_hour SET marked_at = now()")
    assert "database.backlog" not in patient.codes()


def test_a_quarantine_that_nobody_works_off(patient):
    patient.sql(
        "INSERT INTO quarantine (gateway, topic, payload_format, reason, reading_count, payload, digest)"
        " SELECT 'gw-1', 't', 'native', 'unit', 1, 'x', i::text::bytea FROM generate_series(1, 3) i"
    )
    assert "database.quarantine" in patient.codes(quarantine_rows_max=2)
    patient.sql("UPDATE quarantine SET status = 'discarded'")
    assert "database.quarantine" not in patient.codes(quarantine_rows_max=2)


@pytest.mark.parametrize(
    ("wrong", "right", "code", "severity"),
    [
        ("clock_skew_s = 75", "clock_skew_s = 5", "gateways.clock", Severity.HINT),
        ("clock_skew_s = -86400", "clock_skew_s = 0", "gateways.clock_refused", Severity.PROBLEM),
        ("missing = '{[7,9)}'", "missing = '{}'", "gateways.gaps", Severity.PROBLEM),
        ("last_seen_at = now() - interval '1 day'", "last_seen_at = now()", "gateways.silent", Severity.HINT),
        (
            "throttled_count = 4, throttled_at = now()",
            "throttled_at = now() - interval '2 days'",
            "gateways.floods",
            Severity.PROBLEM,
        ),
    ],
)
def test_a_gateway_with_something_wrong(patient, role_dsn, wrong, right, code, severity):
    add_gateway(patient)
    see(patient, wrong)
    for dsn in (patient.dsn, role_dsn("nhip_api")):
        found = [each for each in patient.report(dsn).findings if each.part is Part.GATEWAYS]
        assert [(each.code, each.severity) for each in found] == [(code, severity)]
        assert "gw-1" in found[0].found.en
        assert "gw-1" in found[0].found.vi
    see(patient, right)
    assert patient.codes(Part.GATEWAYS) == set()


def test_a_gateway_that_was_never_heard(patient):
    add_gateway(patient)
    patient.sql("DELETE FROM gateway_seen")
    assert patient.codes(Part.GATEWAYS) == {"gateways.never_heard"}
    patient.sql("UPDATE gateway SET archive = true")
    assert patient.codes(Part.GATEWAYS) == set()


def test_a_full_quarantine_is_told_apart_from_a_flood(patient):
    add_gateway(patient)
    patient.sql("INSERT INTO accounting (gateway, hour, received, rejected) VALUES ('gw-1', now(), 7, 7)")
    assert patient.codes(Part.GATEWAYS) == {"gateways.rejected"}
    see(patient, "throttled_count = 7, throttled_at = now()")
    assert patient.codes(Part.GATEWAYS) == {"gateways.floods"}
    see(patient, "throttled_at = NULL")
    patient.sql("UPDATE accounting SET hour = now() - interval '2 days'")
    assert patient.codes(Part.GATEWAYS) == set()


def test_a_ledger_that_does_not_add_up(patient):
    add_gateway(patient)
    names = patient.connection.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'accounting'::regclass AND contype = 'c'"
    ).fetchall()
    for (name,) in names:
        patient.sql(f'ALTER TABLE accounting DROP CONSTRAINT "{name}"')
    assert patient.codes(Part.GATEWAYS) == {"gateways.ledger_rule"}
    patient.sql("INSERT INTO accounting (gateway, hour, received) VALUES ('gw-1', now(), 7)")
    assert patient.codes(Part.GATEWAYS) == {"gateways.ledger_rule", "gateways.ledger"}
    patient.sql("UPDATE accounting SET stored = 7")
    patient.sql(
        "ALTER TABLE accounting ADD CHECK (received = stored + duplicate + conflict + quarantined + rejected)"
    )
    assert patient.codes(Part.GATEWAYS) == set()


def test_an_ingester_is_active_for_every_shard(patient, role_dsn):
    def codes(shards):
        installation = Installation(store=settings_of(role_dsn("nhip_api")), shards=shards)
        return [each for each in examine(installation).findings if each.part is Part.INGESTER]

    assert [each.code for each in codes(1)] == ["ingester.none_active"]
    with psycopg.connect(role_dsn("nhip_ingest"), autocommit=True) as keeper:
        keeper.execute("SELECT pg_advisory_lock(%s, 1)", (0x6E686970,))
        assert codes(1) == []
        [found] = codes(2)
        assert "2/2" in found.found.en
        assert "1/2" not in found.found.en
    # A lock of the same number in another database is somebody else's.
    with psycopg.connect(make_conninfo(patient.dsn, dbname="postgres"), autocommit=True) as elsewhere:
        elsewhere.execute("SELECT pg_advisory_lock(%s, 1)", (0x6E686970,))
        assert [each.code for each in codes(1)] == ["ingester.none_active"]


@contextmanager
def page(metrics):
    """An ingester's health page with these metrics: the real ones belong to a process that is in trouble."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(metrics.encode() if self.path == "/metrics" else b"{}")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("metrics", "code"),
    [
        ("nhip_ingest_receiving_paused 1.0\n", "ingester.paused"),
        ("nhip_ingest_receiving_paused 0.0\n", None),
        ("# TYPE nhip_ingest_retries counter\nnhip_ingest_retries_total 3.0\n", "ingester.retries"),
        ("# TYPE nhip_ingest_retries counter\nnhip_ingest_retries_total 0.0\n", None),
        ("nhip_ingest_batch_age_seconds_sum 90\nnhip_ingest_batch_age_seconds_count 9\n", "ingester.slow"),
        ("nhip_ingest_batch_age_seconds_sum 0.9\nnhip_ingest_batch_age_seconds_count 9\n", None),
    ],
)
def test_what_the_ingester_counts(metrics, code):
    with page(metrics) as url:
        assert [each.code for each in ingester.examine(url, Limits())] == ([code] if code else [])


def test_an_ingester_that_is_not_ready_or_not_there():
    """The page shows what this process counts, other tests included: only what is asked for is read."""
    import ingest.metrics  # noqa: F401 # fills the page

    def found(url: str, code: str) -> list[str]:
        return [each.found.en for each in ingester.examine(url, Limits()) if each.code == code]

    missing = {"broker": "not connected"}
    with serve_health(free_port(), lambda: missing) as port:
        url = f"http://127.0.0.1:{port}"
        [text] = found(url, "ingester.not_ready")
        assert "broker: not connected" in text
        assert found(url, "ingester.unreachable") == []
        missing.clear()
        assert found(url, "ingester.not_ready") == []
    assert len(found(url, "ingester.unreachable")) == 1


def test_background_jobs_of_timescale(patient):
    """On a server without TimescaleDB its views are made by hand: a job that fails cannot be had on"
    " demand."""
    if patient.connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchone():
        pytest.skip("the views are TimescaleDB's own here and cannot be written to")
    from nhip.doctor import timescale
    from nhip.doctor.questions import Questions

    patient.sql("CREATE SCHEMA timescaledb_information")
    patient.sql(
        "CREATE TABLE timescaledb_information.jobs (job_id int, proc_name text, scheduled bool,"
        " hypertable_name text)"
    )
    patient.sql(
        "CREATE TABLE timescaledb_information.job_stats (job_id int, last_run_status text, total_failures"
        " bigint,"
        " next_start timestamptz)"
    )
    patient.sql(
        "CREATE TABLE timescaledb_information.job_errors (job_id int, err_message text,"
        " finish_time timestamptz)"
    )
    patient.sql(
        "INSERT INTO timescaledb_information.jobs VALUES (1000, 'policy_compression', true, 'reading')"
    )
    patient.sql("INSERT INTO timescaledb_information.job_stats VALUES (1000, 'Failed', 3, now())")
    patient.sql("INSERT INTO timescaledb_information.job_errors VALUES (1000, 'out of patience', now())")

    about = {"server_version": 150_020, "workers": 16, "processes": 16, "licence": "timescale"}
    questions = Questions(patient.connection, Limits())
    [found] = timescale.examine(about, questions)
    assert found.code == "database.timescale_job"
    assert "out of patience" in found.found.en
    assert "CALL run_job(1000)" in found.remedy.en
    assert "15.20" in found.remedy.en
    patient.sql("UPDATE timescaledb_information.job_stats SET last_run_status = 'Success'")
    assert list(timescale.examine(about, questions)) == []
    patient.sql("UPDATE timescaledb_information.jobs SET scheduled = false")
    assert [each.code for each in timescale.examine(about, questions)] == ["database.columnstore"]
    about["workers"] = 0
    assert [each.code for each in timescale.examine(about, questions)] == [
        "database.timescale_workers", "database.columnstore"
    ]  # fmt: skip
    assert list(timescale.check_jobs(Questions(patient.connection, Limits()))) == []


def nhip(monkeypatch, capsys, *arguments, **environment):
    with monkeypatch.context() as patch:
        for name in ("NHIP_STORE_DSN", "NHIP_INGEST_MQTT_URL", "NHIP_MQTT_URL", "NHIP_API_URL", "LC_ALL"):
            patch.delenv(name, raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["nhip", "doctor", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return ended.value.code or 0, capsys.readouterr().out


def test_the_command_speaks_both_languages_and_ends_with_a_status(patient, role_dsn, monkeypatch, capsys):
    add_gateway(patient)
    nobody = f"http://127.0.0.1:{free_port()}"
    dsn = role_dsn("nhip_api")
    status, said = nhip(monkeypatch, capsys, "--lang", "en", NHIP_STORE_DSN=dsn)
    assert status == 1
    assert "PROBLEM  No ingester is active for shard 1/1" in said
    assert "→ Run nhip ingest" in said
    assert "not checked  broker.answers: not configured" in said
    status, said = nhip(monkeypatch, capsys, NHIP_STORE_DSN=dsn, LC_ALL="vi_VN.UTF-8")
    assert "LỖI  Không có bộ nhận nào hoạt động" in said
    with psycopg.connect(role_dsn("nhip_ingest"), autocommit=True) as keeper:
        keeper.execute("SELECT pg_advisory_lock(%s, 1)", (0x6E686970,))
        status, said = nhip(monkeypatch, capsys, "--json", NHIP_STORE_DSN=dsn)
        assert (status, json.loads(said)["findings"]) == (0, [])
        assert json.loads(said)["checked"]["ingester"] == ["active"]
        status, said = nhip(monkeypatch, capsys, "--json", NHIP_STORE_DSN=dsn, NHIP_API_URL=nobody)
        assert [each["code"] for each in json.loads(said)["findings"]] == ["api.unreachable"]
        assert status == 1


def test_nothing_configured_is_not_fine():
    from nhip.doctor import examination

    report = examination.examine(Installation())
    assert report.exit_code == 2
    assert report.checked == {}
    assert {each.part for each in report.unchecked} == set(Part)
