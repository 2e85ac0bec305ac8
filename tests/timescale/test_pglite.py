"""Every migration and every stored statement on a real TimescaleDB (PostgreSQL 17 as WebAssembly).

Development only. It needs Node and npm; the package comes from the registry into the user's cache, pinned by
package-lock.json, never into this repository. It is not a server: no role logs in (SET ROLE stands for it),
no background worker runs a policy (chunks are converted by hand), and nothing talks to it but this file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from store.timescale import COMPRESS_AFTER_A_WEEK, ENABLE_COLUMNSTORE
from tests.dashboards.conftest import SEED, Expansion, generated
from tests.statements import numbered, stored_statements

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MIGRATIONS = ROOT / "store/migrations"
NODE_MAJOR_MIN = 18
INSTALL_S_MAX = 180
RUN_S_MAX = 240


def node() -> str:
    """The Node to use; skips, saying why, where there is none."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        pytest.skip("TimescaleDB check: Node with npm is not installed here")
    version = subprocess.run([found, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < NODE_MAJOR_MIN:
        pytest.skip(f"TimescaleDB check: Node {NODE_MAJOR_MIN} or newer is needed, found {version}")
    return found


@pytest.fixture(scope="module")
def installed() -> Path:
    """A folder of the user's cache in which the locked package is installed."""
    node()
    lock = (HERE / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nhip"
    folder = cache / f"timescale-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            done = subprocess.run(
                command, cwd=folder, check=False, capture_output=True, text=True, timeout=INSTALL_S_MAX
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"TimescaleDB check: npm did not install the package within {INSTALL_S_MAX} s")
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            pytest.skip(f"TimescaleDB check: npm cannot install the package: {reason}")
        (folder / "ready").touch()
    return folder


def migration_files() -> list[Path]:
    """The `.sql` files in the order in which the revisions run them on TimescaleDB."""
    names = [
        name
        for revision in sorted((MIGRATIONS / "versions").glob("0*.py"))
        for name in re.findall(r'execute_files\("(\w+\.sql)"', revision.read_text(encoding="utf-8"))
    ]
    assert set(names) | {"0002_reading_plain.sql"} == {
        path.name for path in (MIGRATIONS / "sql").glob("*.sql")
    }
    return [MIGRATIONS / "sql" / name for name in names if not name.endswith("_plain.sql")]


@pytest.fixture(scope="module")
def run(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[dict[str, Any]]]:
    """A function that migrates a fresh TimescaleDB, runs further steps, and returns what came of those."""

    def steps(*further: dict[str, Any]) -> list[dict[str, Any]]:
        before = [
            script("CREATE EXTENSION IF NOT EXISTS timescaledb"),
            # Alembic's own table, made before the first revision; the rights of 0005 cover it.
            script("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)"),
            *({"name": path.name, "script": path.read_text(encoding="utf-8")} for path in migration_files()),
            script(ENABLE_COLUMNSTORE),
            script(COMPRESS_AFTER_A_WEEK),
        ]
        file = tmp_path_factory.mktemp("timescale") / "steps.json"
        file.write_text(json.dumps([*before, *further]), encoding="utf-8")
        done = subprocess.run(
            [node(), HERE / "check.mjs", installed, file],
            check=False,
            capture_output=True,
            text=True,
            timeout=RUN_S_MAX,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        results = json.loads(done.stdout)
        for result in results[: len(before)]:
            assert result["error"] is None, f"{result['name']}: {result['error']}"
        return results[len(before) :]

    return steps


def script(text: str, **more: Any) -> dict[str, Any]:
    return {"name": text, "script": text, **more}


def query(text: str, **more: Any) -> dict[str, Any]:
    return {"name": text, "sql": text, **more}


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    assert result["error"] is None, f"{result['name']}: {result['error']}"
    return result["rows"]


def test_readings_are_a_hypertable_by_day_with_columnstore_and_policy(run):
    """What the migration promises of TimescaleDB is what its catalogue says; a second run changes nothing."""
    repeated, table, dimension, jobs, layout, primary = run(
        script(COMPRESS_AFTER_A_WEEK),
        query("SELECT hypertable_name, compression_enabled FROM timescaledb_information.hypertables"),
        query("SELECT column_name, time_interval::text AS length FROM timescaledb_information.dimensions"),
        query(
            "SELECT hypertable_name, config ->> 'compress_after' AS after FROM timescaledb_information.jobs"
            " WHERE hypertable_name = 'reading'"
        ),
        query("SELECT segmentby, orderby FROM timescaledb_information.hypertable_columnstore_settings"),
        query(
            "SELECT pg_get_constraintdef(oid) AS key FROM pg_constraint WHERE conrelid = "
            "'reading'::regclass AND contype = 'p'"
        ),
    )
    assert repeated["error"] is None
    assert rows(table) == [{"hypertable_name": "reading", "compression_enabled": True}]
    assert rows(dimension) == [{"column_name": "ts", "length": "1 day"}]
    assert [row["after"] for row in rows(jobs)] == ["7 days"]
    assert rows(layout)[0]["segmentby"] == "sensor_id"
    assert rows(layout)[0]["orderby"].startswith("ts")
    assert rows(primary) == [{"key": "PRIMARY KEY (sensor_id, ts)"}]


def test_every_stored_statement_is_valid_for_its_role(run):
    """EXPLAIN with NULL parameters, as the role that runs it."""
    steps = []
    for statement in stored_statements():
        if statement.path.startswith("nhip/doctor/"):
            continue  # catalogs that every server lets everybody read, and PGlite does not
        text, parameters = numbered(statement.text)
        step = {"name": statement.path, "sql": f"EXPLAIN {text}", "parameters": parameters}
        steps.append(step | ({"role": statement.role} if statement.role else {}))
    assert len(steps) > 20
    failures = [f"{result['name']}: {result['error']}" for result in run(*steps) if result["error"]]
    assert failures == []


def test_the_check_of_statements_can_fail(run):
    """A missing column and a missing right are both found."""
    missing, closed = run(
        query("EXPLAIN SELECT no_such_column FROM reading"),
        query("EXPLAIN SELECT * FROM gateway_credential", role="nhip_ingest"),
    )
    assert missing["error"].startswith("42703")
    assert closed["error"].startswith("42501")


def test_late_readings_reach_a_compressed_day_and_conflicts_are_seen(run):
    """ON CONFLICT works into a compressed chunk: nothing doubled, nothing lost."""
    readings = (
        "INSERT INTO reading (sensor_id, ts, received_at, value, flag, state)"
        " SELECT 1, '2026-01-10T00:00Z'::timestamptz + i * interval '{step} minutes', now(), {value}, 1, 0"
        " FROM generate_series(0, {count}) AS i ON CONFLICT DO NOTHING"
    )
    compress = (
        "DO $$ DECLARE chunk regclass; BEGIN FOR chunk IN SELECT show_chunks('reading') LOOP"
        " CALL convert_to_columnstore(chunk); END LOOP; END $$"
    )
    *_, chunks, found = run(
        script(readings.format(step=10, value=1.5, count=143)),
        script(compress),
        script(readings.format(step=5, value=2.5, count=287)),
        query(
            "SELECT count(*) FILTER (WHERE is_compressed) AS compressed FROM timescaledb_information.chunks"
        ),
        query("SELECT count(*) AS n, count(*) FILTER (WHERE value = 1.5) AS first FROM reading"),
    )
    assert rows(chunks) == [{"compressed": 1}]
    assert rows(found) == [{"n": 288, "first": 144}]


def test_values_that_are_no_numbers_are_refused(run):
    """The constraint of the plain table stands on the hypertable, too."""
    insert = "INSERT INTO reading VALUES (now(), now(), '{}', 1, 1, 0)"
    for result in run(*(script(insert.format(value)) for value in ("NaN", "Infinity", "-Infinity"))):
        assert result["error"].startswith("23514"), result


def test_old_days_are_dropped_when_somebody_has_asked_for_it(run):
    """Retention is the operator's decision: without it nothing is dropped, with it whole chunks are."""
    day = "INSERT INTO reading VALUES (now() - interval '{} days', now(), 1, 1, 1, 0)"
    drop = query("SELECT drop_expired_readings() AS n", role="nhip_processing")
    *_, untouched, kept, dropped, left = run(
        *(script(day.format(days)) for days in (1, 40, 500)),
        drop,
        script("INSERT INTO retention (readings_kept) VALUES (interval '400 days')"),
        drop,
        query("SELECT count(*) AS n FROM reading"),
    )
    assert kept["error"] is None
    assert [rows(result)[0]["n"] for result in (untouched, dropped, left)] == [0, 1, 2]


def test_dashboards_read_compressed_readings(run):
    """Every panel's SQL as Grafana's role, on the seeded city with its older days in the columnstore."""
    quantities = _quantity_rows()
    texts = sorted(
        {
            _expanded(panel["targets"][0]["rawSql"], timedelta(days=365 if "timeFrom" in panel else 2))
            for _, board in generated()
            for panel in board["panels"]
            if panel.get("targets")
        }
    )
    compress = (
        "DO $$ DECLARE chunk regclass; BEGIN FOR chunk IN SELECT show_chunks('reading') LOOP"
        " CALL convert_to_columnstore(chunk, if_not_columnstore => true); END LOOP; END $$"
    )
    filled, seeded, packed, *panels = run(
        script(quantities),
        script(SEED.read_text(encoding="utf-8")),
        script(compress),
        *(query(text, role="nhip_grafana", searchPath="grafana") for text in texts),
    )
    assert [filled["error"], seeded["error"], packed["error"]] == [None, None, None]
    assert len(panels) > 30
    assert [result["error"] for result in panels if result["error"]] == []
    assert [result["name"][:80] for result in panels if not result["rows"]] == []


def _expanded(text: str, span: timedelta) -> str:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    whole = Expansion(
        now - span,
        now + timedelta(minutes=1),
        timedelta(minutes=5),
        {"area": ["$__all"], "site": ["$__all"], "language": ["vi"]},
        {"area": "SELECT code FROM area", "site": "SELECT code FROM site"},
    )
    return whole.expanded(text)


def _quantity_rows() -> str:
    from domain.quantities import QUANTITIES

    values = ",".join(
        "('{}', '-', '-', '{}', '{}', '{}', {}, NULL)".format(
            quantity.code,
            quantity.service,
            quantity.unit,
            quantity.kind,
            "NULL" if quantity.range_min is None else quantity.range_min,
        )
        for quantity in QUANTITIES.values()
    )
    return f"INSERT INTO quantity VALUES {values}"  # noqa: S608 # our own words
