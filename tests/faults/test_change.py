"""Rows 24 and 25: the schema changes under a running ingester, of this version and of the one before."""

from __future__ import annotations

import io
import itertools
import shutil
import subprocess
import sys
import tarfile
import threading
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from tests.conftest import scratch_folder
from tests.faults.gateways import Fleet, eventually
from tests.faults.ledger import check
from tests.faults.stack import ROOT, Ground, Process, ingester
from tests.faults.test_kill import wait_for_acks

VERSIONS = "store/migrations/versions"


def git(*arguments):
    """Return what git says; skip where there is no history to ask."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("the version before is taken from git's history, and there is none here")
    program = shutil.which("git") or ""
    done = subprocess.run([program, "-C", str(ROOT), *arguments], check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"git cannot tell: {done.stderr.decode().strip()}")
    return done.stdout


def migrations_at(commit):
    """Return the names of a commit's migrations, in their order."""
    names = git("ls-tree", "--name-only", commit, f"{VERSIONS}/").decode().split()
    return sorted(name.rsplit("/", 1)[1] for name in names if name.endswith(".py"))


def version_before():
    """Return the newest commit whose migrations are those of this tree but for the last ones.

    Not simply what was before the last change: the history may hold migrations that were taken back.
    """
    here = sorted(file.name for file in (ROOT / VERSIONS).glob("[0-9]*.py"))
    changes = git("rev-list", "HEAD", "--", VERSIONS).decode().split()
    for newer, change in itertools.pairwise(changes):
        names = [name for name in migrations_at(change) if name[0].isdigit()]
        if names and len(names) < len(here) and here[: len(names)] == names:
            return f"{newer}~1"
    pytest.skip("git's history holds no version with fewer migrations: it is a shallow copy")


@pytest.fixture(scope="module")
def previous_code():
    """The code as it was before the newest migrations of this tree came."""
    archive = git("archive", version_before())
    with scratch_folder("previous") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        yield folder


def migrating(dsn, cwd=ROOT):
    return Process(
        [sys.executable, "-m", "nhip", "migrate"], {"NHIP_STORE_DSN": dsn, "PYTHONPATH": str(cwd)}, cwd=cwd
    )


class PreviousGround(Ground):
    """Servers with the schema of the version before."""

    def __init__(self, folder, code):
        super().__init__(folder)
        self._code = code

    def migrate(self):
        with migrating(self.dsn, self._code) as child:
            assert child.child.wait(120) == 0, child.lines


@contextmanager
def reader(ground):
    """A dashboard's query that goes on: it holds its locks until it is told to end."""
    with psycopg.connect(ground.dsn) as connection:
        # The locks of a SELECT over all tables, whichever the newest migration changes, without the time.
        tables = connection.execute(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
        assert tables is not None
        connection.execute(f"LOCK TABLE {tables[0]} IN ACCESS SHARE MODE")
        yield
        connection.rollback()


@pytest.fixture
def before(previous_code):
    with scratch_folder("change") as folder, PreviousGround(folder, previous_code) as made:
        yield made


def test_rows_24_and_25_upgrade_under_load(before, previous_code, ledger, seed):
    """Three migrations at once, behind a long query, with the old ingester at work; then the new one.

    Acknowledgements go on while the query still holds its locks; the old code works on the new schema.
    """
    fleet = Fleet(before.address, before.gateways(3), ledger, seed=seed, rate=100.0).start()
    try:
        with ingester(before.broker.url, before.ingest_dsn, cwd=previous_code) as old:
            wait_for_acks(ledger, 50)
            with ExitStack() as children:
                with reader(before):
                    migrations = [children.enter_context(migrating(before.dsn)) for _ in range(3)]
                    eventually(lambda: _asked_for_a_lock(before), "a migration waits for the query")
                    wait_for_acks(ledger, 200)
                    assert all(each.alive for each in migrations), "they did not wait for the query"
                assert [each.child.wait(120) for each in migrations] == [0, 0, 0], migrations[0].lines
            wait_for_acks(ledger, 100)  # the old code on the new schema
            assert old.alive
        with before.ingester():
            fleet.drain()
        assert check(ledger, before.dsn, fleet.gateways).faults() == {}
    finally:
        fleet.close()


def _asked_for_a_lock(ground):
    return ground.execute(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'nhip-migrate' AND wait_event_type = 'Lock'"
        " AND wait_event = 'relation'"
    )


def test_row_24_control(ground, fleet, ledger, seed):
    """A migration without `lock_timeout` stands in the queue before every insert until the query ends."""
    gateways = fleet(seed=seed, rate=100.0)
    with ground.ingester(NHIP_STORE_LOCK_TIMEOUT_MS="600000"):
        wait_for_acks(ledger, 50)
        lock = threading.Thread(
            target=ground.execute, args=("ALTER TABLE accounting ADD COLUMN IF NOT EXISTS fault text",)
        )
        with reader(ground):
            lock.start()
            eventually(lambda: _waits(ground), "the statement waits")
            eventually(lambda: _inserts_wait(ground), "inserts wait behind it")
            acked = ledger.acked()
            with pytest.raises(AssertionError, match="more acknowledgements"):
                wait_for_acks(ledger, 20, 3.0)
            assert len(ledger.acked() - acked) < 20
        lock.join()
        gateways.drain()
    ground.execute("ALTER TABLE accounting DROP COLUMN fault")


def _waits(ground):
    return ground.execute(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE accounting ADD%'"
        " AND wait_event_type = 'Lock'"
    )


def _inserts_wait(ground):
    return ground.execute(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'nhip-ingest' AND wait_event_type = 'Lock'"
    )


def test_row_25_control(ground, fleet, ledger, seed):
    """A change that is not expand-then-contract, a renamed column, stops the code of before."""
    gateways = fleet(seed=seed, rate=50.0)
    with ground.ingester():
        wait_for_acks(ledger, 20)
        ground.execute("ALTER TABLE accounting RENAME COLUMN stored TO kept")
        try:
            eventually(ledger.outstanding, "a batch that cannot be written")
            with pytest.raises(AssertionError, match="more acknowledgements"):
                wait_for_acks(ledger, 20, 4.0)
        finally:
            ground.execute("ALTER TABLE accounting RENAME COLUMN kept TO stored")
        gateways.drain()
