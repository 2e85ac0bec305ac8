"""Rows 5 and 7–10: what the ingester needs is away, full, or does not answer."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
import time
import urllib.request
from contextlib import contextmanager

import pytest
from psycopg.conninfo import make_conninfo

from nhip.stack.ports import free_port
from tests.conftest import scratch_folder
from tests.faults.gateways import Fleet, Line, eventually, tell
from tests.faults.ledger import check
from tests.faults.proxy import FaultProxy
from tests.faults.stack import ROOT, Ground, bad_receiver
from tests.faults.test_kill import wait_for_acks

RSS_GROWTH_BYTES_MAX = 50_000_000


def without_a_database(ground, fleet, ledger, seed, size):
    """Stop the server for so many seconds at so many messages a second; return the catch-up ratio."""
    down_s, rate = size
    gateways = fleet(seed=seed, rate=rate, rows=2, resend_s=20.0)
    with ground.ingester() as child:
        wait_for_acks(ledger, 200)
        before = child.resident_bytes
        ground.postgres.stop()
        time.sleep(1.0)  # acknowledgements of what was committed are still on their way
        acked, most = ledger.acked(), before
        end_s = time.monotonic() + down_s
        while time.monotonic() < end_s:
            most = max(most, child.resident_bytes)
            time.sleep(0.2)
        assert ledger.acked() == acked, "acknowledged without a database"
        assert child.alive
        ground.postgres.start()
        began_s, backlog = time.monotonic(), len(ledger.outstanding())
        wait_for_acks(ledger, backlog, 600.0)
        ratio = backlog / (time.monotonic() - began_s) / rate
        gateways.drain()
    tell(f"row 5: {down_s:.0f} s away, +{(most - before) / 1e6:.0f} MB, catches up at {ratio:.1f} x live")
    assert most - before < RSS_GROWTH_BYTES_MAX
    return gateways, ratio


def test_row_5_database_away(ground, fleet, ledger, kept, seed):
    """Nothing is acknowledged, memory stays, everything arrives afterwards."""
    gateways, _ = without_a_database(ground, fleet, ledger, seed, (12.0, 250.0))
    kept(gateways)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_row_5_full(ground, fleet, ledger, kept, seed):
    """Ten minutes at 500 messages a second; catches up at five times the live rate or better."""
    gateways, ratio = without_a_database(ground, fleet, ledger, seed, (600.0, 500.0))
    kept(gateways)
    assert ratio >= 5.0


def test_row_5_control(ground, fleet, ledger, seed):
    """A receiver that acknowledges first does so without a database too."""
    gateways = fleet(seed=seed, rate=50.0)
    with bad_receiver("ack_first", ground.broker.url, ground.dsn):
        wait_for_acks(ledger, 1)
        gateways.drain()
        time.sleep(1.5)  # it stores a second after it has acknowledged
        ground.postgres.stop()
        gateways.resume()
        wait_for_acks(ledger, 1)


@contextmanager
def small_disk(folder, size_mb):
    """A file system of its own, in memory."""
    mounted = subprocess.run(
        [
            shutil.which("mount") or "",
            "-t",
            "tmpfs",
            "-o",
            f"size={size_mb}m,mode=755",
            "nhip-fault",
            str(folder),
        ],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk needs the right to mount: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run([shutil.which("umount") or "", "--lazy", str(folder)], check=True)


@pytest.fixture
def full_ground():
    """Servers whose database lies on a disk of 200 MB."""
    if shutil.which("mount") is None:
        pytest.skip("a small disk needs the program mount")
    with scratch_folder("full") as folder:
        (folder / "postgres").mkdir()
        with small_disk(folder / "postgres", 200), Ground(folder) as made:
            yield made


def fill(ground):
    """Leave no byte; return the file to remove."""
    ballast = ground.postgres.data_dir / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65_536):
                pass
        except OSError:
            pass
    return ballast


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name + " ")))


def test_row_7_disk_full(full_ground, ledger, seed):
    """Nothing is acknowledged that is not stored; with room again the same ingester goes on."""
    port = free_port()
    fleet = Fleet(
        full_ground.address, full_ground.gateways(2), ledger, seed=seed, rate=100.0, rows=20
    ).start()
    try:
        with full_ground.ingester(NHIP_INGEST_METRICS_PORT=str(port)) as child:
            wait_for_acks(ledger, 50)
            ballast = fill(full_ground)
            eventually(lambda: metric(port, "nhip_ingest_database_available") == 0.0, "the metric says so")
            acked = ledger.acked()
            ballast.unlink()
            full_ground.postgres.start()  # a server that could not write its log has ended by itself
            assert {key for key in acked if key in ledger.rows} == acked
            assert not check(ledger, full_ground.dsn, fleet.gateways).missing
            fleet.drain()
            assert child.alive
            assert metric(port, "nhip_ingest_database_available") == 1.0
        assert check(ledger, full_ground.dsn, fleet.gateways).faults() == {}
    finally:
        fleet.close()


def test_row_7_control(full_ground, ledger, seed):
    """A receiver that acknowledges first has promised what the full disk refused."""
    fleet = Fleet(
        full_ground.address, full_ground.gateways(2), ledger, seed=seed, rate=100.0, rows=20
    ).start()
    try:
        with bad_receiver("ack_first", full_ground.broker.url, full_ground.dsn) as child:
            wait_for_acks(ledger, 1)
            ballast = fill(full_ground)
            eventually(lambda: not child.alive, "the receiver has given up")
            ballast.unlink()
            full_ground.postgres.start()
        assert "missing" in check(ledger, full_ground.dsn, fleet.gateways).faults()
    finally:
        fleet.close()


OUTBOX = textwrap.dedent("""
    import sys
    from pathlib import Path
    from device_sim.errors import StateError
    from device_sim.outbox import Outbox
    outbox = Outbox(Path(sys.argv[1]))
    if sys.argv[2] == "careless":
        outbox._database.execute("PRAGMA synchronous = OFF")
    for _ in range(20):
        try:
            with outbox.transaction():
                batch = outbox.put("a", 1, lambda number: b"x" * 200)
        except StateError as error:
            print("refused", error, flush=True)
            break
        print("kept", batch.id, flush=True)
""")


def outbox_on_a_bad_disk(folder, calls, error, mode="careful"):
    """Keep batches while the 20th fsync or 60th write and all after it fail; return what the outbox said."""
    if shutil.which("strace") is None:
        pytest.skip("faults of the kernel are injected by strace, which is not installed")
    tracing = [shutil.which("strace") or "", "-f", "-qq", "-o", "/dev/null"]
    if subprocess.run([*tracing, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("strace may not trace here (ptrace is forbidden)")
    injected = [
        "-e",
        f"trace={calls}",
        "-e",
        f"inject={calls}:error={error}:when={60 if 'pwrite' in calls else 20}+",
    ]
    program = [sys.executable, "-c", OUTBOX, str(folder / "outbox.sqlite"), mode]
    done = subprocess.run(
        [*tracing, *injected, *program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(("calls", "error"), [("fsync,fdatasync", "EIO"), ("pwrite64", "ENOSPC")])
def test_row_8_outbox_refuses(tmp_path, calls, error):
    """A gateway whose disk fails says that the batch is not kept, and what to do; it claims nothing."""
    said = outbox_on_a_bad_disk(tmp_path, calls, error)
    assert said[-1].startswith("refused")
    assert "nothing of it was sent" in said[-1]
    assert "disk" in said[-1]
    assert len([line for line in said if line.startswith("kept")]) < 20


def test_row_8_control(tmp_path):
    """With SQLite's `synchronous` off the same disk is believed: every batch counts as kept."""
    said = outbox_on_a_bad_disk(tmp_path, "fsync,fdatasync", "EIO", "careless")
    assert len([line for line in said if line.startswith("kept")]) == 20


def behind_a_proxy(ground, proxy, **environment):
    dsn = make_conninfo(ground.ingest_dsn, host="127.0.0.1", port=proxy.port)
    return ground.ingester(dsn=dsn, **environment)


@pytest.mark.parametrize("mode", ["stall", "reset", "delay", "bytewise", "cut"])
def test_row_9_half_open_database(ground, fleet, ledger, kept, seed, mode):
    """The hard deadline closes a connection that does not answer; whatever the fault, nothing is lost."""
    with FaultProxy(("127.0.0.1", ground.postgres.port), seed=seed) as proxy:
        gateways = fleet(seed=seed, rate=40.0)
        # Slow is not dead: a commit over a slow line needs its round trips, and gets the time for them.
        commit_s_max = "30" if mode in {"delay", "bytewise"} else "2"
        with behind_a_proxy(ground, proxy, NHIP_INGEST_COMMIT_S_MAX=commit_s_max) as child:
            wait_for_acks(ledger, 10)
            proxy.mode = mode
            if mode == "stall":
                broken = child.said("commit_too_long")
                tell(f"row 9: broken off after {broken['seconds']} s of 2")
            elif mode in {"delay", "bytewise"}:
                wait_for_acks(ledger, 10)
            else:
                time.sleep(1.5)
            proxy.mode = "pass"
            recovering_s = time.monotonic()
            wait_for_acks(ledger, 10)
            tell(f"row 9: {mode}: recovered in {time.monotonic() - recovering_s:.1f} s")
            gateways.drain()
            assert child.alive
    kept(gateways)


def test_row_9_control(ground, fleet, ledger, seed):
    """Without the deadline a black hole is waited for in silence."""
    with FaultProxy(("127.0.0.1", ground.postgres.port)) as proxy:
        fleet(seed=seed, rate=40.0)
        with behind_a_proxy(ground, proxy, NHIP_INGEST_COMMIT_S_MAX="600") as child:
            wait_for_acks(ledger, 10)
            proxy.mode = "stall"
            time.sleep(0.5)
            acked = ledger.acked()
            with pytest.raises(AssertionError, match="commit_too_long"):
                child.said("commit_too_long", wait_s=5.0)
            assert ledger.acked() == acked


def online(ground, gateway):
    rows = ground.execute("SELECT online FROM gateway_seen WHERE gateway = %s", gateway)
    return rows[0][0] if rows else None


def partitioned(ground, ledger, seed, size, *, will=True):
    """Cut gateways off the broker; return how long until they are called offline, None when never."""
    keepalive_s, away_s = size
    codes = ground.gateways(2)
    with FaultProxy(ground.address, seed=seed) as proxy, ground.ingester() as child:
        child.said("broker_connected")
        here = ("127.0.0.1", proxy.port)
        fleet = Fleet(here, codes, ledger, seed=seed, rate=50.0).start()
        status = Line(here, codes[:1], lambda *_: None, keepalive_s=keepalive_s, will=will)
        status.publish(codes[0], b'{"online": true}', "status")
        eventually(lambda: online(ground, codes[0]), "online")
        wait_for_acks(ledger, 20)
        proxy.mode = "stall"
        cut_s, offline_s = time.monotonic(), None
        while time.monotonic() < cut_s + away_s:
            if offline_s is None and online(ground, codes[0]) is False:
                offline_s = time.monotonic() - cut_s
            time.sleep(0.1)
        proxy.mode = "pass"
        wait_for_acks(ledger, 20, 120.0)
        fleet.drain()
        status.close()
        fleet.close()
    assert check(ledger, ground.dsn, codes).faults() == {}
    return offline_s


def test_row_10_gateways_cut_off(ground, ledger, seed):
    """A black hole between gateway and broker: called offline by its will; the backlog arrives."""
    offline_s = partitioned(ground, ledger, seed, (3, 14.0))
    tell(f"row 10: offline after {offline_s} s with a keep-alive of 3 s")
    assert offline_s is not None


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_row_10_full(ground, ledger, seed):
    """Two minutes; offline within one and a half keep-alives and five seconds."""
    offline_s = partitioned(ground, ledger, seed, (20, 120.0))
    assert offline_s is not None
    assert offline_s <= 1.5 * 20 + 5


def test_row_10_control(ground, ledger, seed):
    """A gateway without a will is never called offline."""
    assert partitioned(ground, ledger, seed, (3, 14.0), will=False) is None
