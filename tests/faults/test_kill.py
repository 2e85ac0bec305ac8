"""Rows 1–4 and 11–13: parts are killed, stopped and started twice in mid-stream."""

from __future__ import annotations

import signal
import time

import pytest

from tests.faults.gateways import eventually, tell
from tests.faults.ledger import check
from tests.faults.schedule import schedule
from tests.faults.stack import bad_receiver, frozen

# (strikes, batches a second, longest pause before a strike in seconds)
SHORT, FULL_INGESTER = (4, 300.0, 1.0), (20, 2_000.0, 2.0)
RESEND_RATIO_MAX = 0.2


def wait_for_acks(ledger, more, wait_s=60.0):
    """Return when so many more batches are acknowledged than now."""
    before = len(ledger.acked())
    eventually(lambda: len(ledger.acked()) >= before + more, f"{more} more acknowledgements", wait_s)


def kill_ingesters(ground, fleet, ledger, seed, size):
    strikes, rate, after_s_max = size
    gateways = fleet(seed=seed, rate=rate)
    for strike in schedule(seed, ["ingester"], strikes, after_s_max=after_s_max):
        with ground.ingester() as child:
            wait_for_acks(ledger, 10)
            time.sleep(strike.after_s)
            child.kill()
        # What was acknowledged is there at once, not only in the end.
        assert not check(ledger, ground.dsn, gateways.gateways).missing
    with ground.ingester():
        gateways.drain()
    return gateways


def test_row_1_ingester_killed(ground, fleet, ledger, kept, seed):
    """kill -9 of the ingester, again and again: acknowledged is stored, exactly once."""
    kept(kill_ingesters(ground, fleet, ledger, seed, SHORT))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_row_1_full(ground, fleet, ledger, kept, seed):
    """20 kills under 2,000 messages a second."""
    kept(kill_ingesters(ground, fleet, ledger, seed, FULL_INGESTER))
    tell(f"row 1: {len(ledger.rows)} batches, resend ratio {ledger.resend_ratio:.3f}")


def test_row_1_control(ground, fleet, ledger, seed):
    """A receiver that acknowledges before it stores loses what it held, and the checker sees it."""
    gateways = fleet(seed=seed, rate=100.0)
    with bad_receiver("ack_first", ground.broker.url, ground.dsn) as child:
        wait_for_acks(ledger, 150)
        child.kill()
    assert "missing" in check(ledger, ground.dsn, gateways.gateways).faults()


def kill_brokers(ground, fleet, ledger, seed, strikes, rate):
    gateways = fleet(seed=seed, rate=rate)
    with ground.ingester() as child:
        for strike in schedule(seed, ["broker"], strikes, after_s_max=1.5):
            wait_for_acks(ledger, 20)
            time.sleep(strike.after_s)
            ground.kill_broker()
            ground.broker.start()
        wait_for_acks(ledger, 20)
        gateways.drain()
        assert child.alive
    return gateways


def test_row_2_broker_killed(ground, fleet, ledger, kept, seed):
    """kill -9 of the broker: what it forgot is still in the gateways' outboxes."""
    kept(kill_brokers(ground, fleet, ledger, seed, 2, 150.0))
    assert ledger.sends.total() > len(ledger.rows), "the broker lost nothing, so nothing was shown"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_row_2_full(ground, fleet, ledger, kept, seed):
    """Ten kills with the time between them that ordinary crashes leave; few batches are sent twice."""
    gateways = fleet(seed=seed, rate=300.0)
    with ground.ingester():
        for _ in range(10):
            wait_for_acks(ledger, 3_000)
            ground.kill_broker()
            ground.broker.start()
        wait_for_acks(ledger, 1_000)
        gateways.drain()
    kept(gateways)
    tell(f"row 2: {len(ledger.rows)} batches, resend ratio {ledger.resend_ratio:.3f}")
    assert ledger.resend_ratio < RESEND_RATIO_MAX


def test_row_2_control(ground, fleet, ledger, seed):
    """Gateways that take the broker's PUBACK for an acknowledgement lose what it had not yet saved."""
    gateways = fleet(seed=seed, rate=200.0, forgets_on_puback=True)
    eventually(lambda: len(ledger.rows) > 300, "batches")
    gateways.pause()
    eventually(gateways.published, "every batch has its PUBACK")
    ground.kill_broker()
    time.sleep(3.5)  # beyond the time after which a gateway would send again: these have forgotten
    ground.broker.start()
    eventually(lambda: all(line.ready.is_set() for line in gateways.lines.values()), "connected again")
    with ground.ingester() as child:
        child.said("broker_connected")
        time.sleep(3.0)
    acked_by_the_broker = len(ledger.rows) * 5
    assert ground.stored_count(gateways.gateways) < acked_by_the_broker


def kill_servers(ground, fleet, ledger, seed, strikes, rate):
    recovered_s = []
    gateways = fleet(seed=seed, rate=rate)
    with ground.ingester() as child:
        for strike in schedule(seed, ["postgres"], strikes, after_s_max=1.5):
            wait_for_acks(ledger, 20)
            time.sleep(strike.after_s)
            ground.kill_postgres()
            ground.postgres.start()
            ready_s = time.monotonic()
            wait_for_acks(ledger, 1, 30.0)  # the row's own bound
            recovered_s.append(round(time.monotonic() - ready_s, 1))
            assert not check(ledger, ground.dsn, gateways.gateways).missing
        gateways.drain()
        assert child.alive
    tell(f"row 3: recovery after {recovered_s} s")
    return gateways


def test_row_3_database_killed(ground, fleet, ledger, kept, seed):
    """kill -9 of the postmaster with all its children; the ingester stays and comes back."""
    kept(kill_servers(ground, fleet, ledger, seed, 2, 150.0))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_row_3_full(ground, fleet, ledger, kept, seed):
    kept(kill_servers(ground, fleet, ledger, seed, 10, 300.0))


@pytest.fixture
def lazy_server(ground):
    """A server that answers a COMMIT before it is on disk, and takes its time to write."""
    for setting in ("synchronous_commit = off", "wal_writer_delay = '10s'", "wal_writer_flush_after = '1GB'"):
        ground.execute(f"ALTER SYSTEM SET {setting}")
    ground.postgres.restart()
    yield
    ground.postgres.start()
    ground.execute("ALTER SYSTEM RESET ALL")
    ground.postgres.restart()


@pytest.mark.usefixtures("lazy_server")
def test_row_3_ingester_insists_on_the_disk(ground, fleet, ledger, kept, seed):
    """A server set to `synchronous_commit = off` does not weaken the promise: the ingester asks for more."""
    kept(kill_servers(ground, fleet, ledger, seed, 1, 150.0))


@pytest.mark.usefixtures("lazy_server")
def test_row_3_control(ground, fleet, ledger, seed):
    """A receiver that commits without the disk loses on the same kill."""
    gateways = fleet(seed=seed, rate=100.0)
    with bad_receiver("async_commit", ground.broker.url, ground.dsn):
        wait_for_acks(ledger, 100)
        ground.kill_postgres()
    ground.postgres.start()
    assert "missing" in check(ledger, ground.dsn, gateways.gateways).faults()


def kill_everything(ground, fleet, ledger, seed, strikes, rate):
    gateways = fleet(seed=seed, rate=rate)
    child = ground.ingester()
    try:
        for strike in schedule(
            seed, ["ingester", "broker", "postgres"], strikes, after_s_max=3.0, down_s_max=2.0
        ):
            wait_for_acks(ledger, 10)
            time.sleep(strike.after_s)
            if strike.part == "ingester":
                child.kill()
                time.sleep(strike.down_s)
                child = ground.ingester()
            elif strike.part == "broker":
                ground.kill_broker()
                time.sleep(strike.down_s)
                ground.broker.start()
            else:
                ground.kill_postgres()
                time.sleep(strike.down_s)
                ground.postgres.start()
        gateways.drain()
    finally:
        child.kill()
    return gateways


def test_row_4_all_three_killed(ground, fleet, ledger, kept, seed):
    """Ingester, broker and database, in the order that the seed gives."""
    kept(kill_everything(ground, fleet, ledger, seed, 3, 150.0))


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_row_4_full(ground, fleet, ledger, kept, seed):
    """Sixty strikes, about five minutes."""
    kept(kill_everything(ground, fleet, ledger, seed, 60, 200.0))


def freeze_everything(ground, fleet, ledger, seed, seconds):
    """SIGSTOP the ingester, the broker and the ingester's backends in turn; return the fleet."""
    ingester_s, broker_s, backend_s = seconds
    gateways = fleet(seed=seed, rate=100.0)
    # The keep-alive outlasts the freeze: this is about half-open peers, not about reconnecting.
    with ground.ingester(NHIP_INGEST_KEEPALIVE_S="120", NHIP_INGEST_STALL_S_MAX="120") as child:
        wait_for_acks(ledger, 20)
        frozen(child.child.pid, ingester_s)
        wait_for_acks(ledger, 20)
        frozen(ground.broker.pid, broker_s)
        wait_for_acks(ledger, 20)
        pids = ground.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'nhip-ingest%' ORDER BY pid"
        )
        assert pids
        frozen(pids[0][0], backend_s)
        wait_for_acks(ledger, 20)
        gateways.drain()
        assert child.alive
        return gateways, child.lines


def test_row_11_frozen(ground, fleet, ledger, kept, seed):
    """Frozen for less than the keep-alive: the same session goes on, nothing is acknowledged twice."""
    gateways, lines = freeze_everything(ground, fleet, ledger, seed, (4.0, 2.0, 2.0))
    kept(gateways)
    assert sum("broker_connected" in line for line in lines) == 1
    assert [key for key, count in ledger.acks.items() if count > ledger.sends[key]] == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_row_11_full(ground, fleet, ledger, kept, seed):
    """60 s, 30 s and 30 s; the broker may end a session meanwhile, and then it is resumed."""
    gateways, lines = freeze_everything(ground, fleet, ledger, seed, (60.0, 30.0, 30.0))
    kept(gateways)
    again = [line for line in lines if "broker_connected" in line][1:]
    assert all('"session_present": true' in line for line in again)


def test_row_12_sigterm_under_load(ground, fleet, ledger, kept, seed):
    """Ends within ten seconds with status 0; what it held is stored and acknowledged, or comes again."""
    gateways = fleet(seed=seed, rate=400.0)
    with ground.ingester() as child:
        wait_for_acks(ledger, 200)
        child.signal(signal.SIGTERM)
        assert child.child.wait(10) == 0
    assert not check(ledger, ground.dsn, gateways.gateways).missing
    with ground.ingester():
        gateways.drain()
    kept(gateways)


def test_row_13_two_ingesters(ground, fleet, ledger, kept, seed):
    """The second says why it waits, and takes over when the first is killed."""
    gateways = fleet(seed=seed, rate=100.0)
    with ground.ingester() as first:
        first.said("broker_connected")
        with ground.ingester() as second:
            assert "waits" in second.said("another_ingester_is_active")["hint"]
            wait_for_acks(ledger, 20)
            assert not any("broker_connected" in line for line in second.lines)
            first.kill()
            second.said("broker_connected")
            wait_for_acks(ledger, 20)
            gateways.drain()
    kept(gateways)


def test_row_13_control(ground, fleet):
    """Two receivers without a lock throw each other off the session; that is what the lock prevents."""
    fleet(rate=50.0)
    with ground.ingester() as first:
        first.said("broker_connected")
        with bad_receiver("async_commit", ground.broker.url, ground.dsn):
            first.said("broker_disconnected", count=2)
