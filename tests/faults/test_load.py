"""Row 22: one gateway floods, and its neighbours do not feel it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.gateways import eventually, tell
from tests.faults.ledger import check
from tests.faults.stack import Process
from tests.faults.test_kill import wait_for_acks

FLOOD = Path(__file__).with_name("flood.py")
LATENCY_S_MAX = 2.0


def flooded(ground, fleet, ledger, batches, *, limit):
    """Flood while twenty others send once a second; return the flooder and the log."""
    (flooder,) = ground.gateways(1)
    gateways = fleet(20, rate=0.0, rows=2, resend_s=30.0)
    address = [ground.address[0], str(ground.address[1])]
    with ground.ingester(
        NHIP_INGEST_GATEWAY_MESSAGES_S_MAX=str(limit), NHIP_INGEST_INFLIGHT_MAX="200"
    ) as child:
        child.said("broker_connected")
        # Not before: what nobody has subscribed to yet is sent again after `resend_s`, and would be counted.
        gateways.rate = 20.0
        wait_for_acks(ledger, 20)
        with Process([sys.executable, str(FLOOD), *address, flooder, "5000"], {}) as flood:
            eventually(lambda: ground.stored_count([flooder]) > 0, "the flood has begun")
            if batches:
                wait_for_acks(ledger, batches)
                gateways.drain()  # in order: all others are served while the flood goes on
            else:
                eventually(lambda: ground.stored_count([flooder]) > 20_000, "seconds of flood")
            assert flood.alive
        lines = list(child.lines)
    assert not check(ledger, ground.dsn, gateways.gateways).faults()
    latency_s = sorted(acked_s - ledger.sent_s[key] for key, acked_s in ledger.acked_s.items())
    p99_s = latency_s[len(latency_s) * 99 // 100]
    tell(f"row 22: publish to acknowledgement p50 {latency_s[len(latency_s) // 2]:.2f} s, p99 {p99_s:.2f} s")
    (seen,) = ground.execute("SELECT throttled_count FROM gateway_seen WHERE gateway = %s", flooder)
    return any("gateway_floods" in line for line in lines), seen[0], p99_s


def test_row_22_flood(ground, fleet, ledger):
    """All batches of the others are acknowledged while the flood is still running; the flooder is flagged."""
    flagged, throttled, _ = flooded(ground, fleet, ledger, 60, limit=300)
    assert flagged
    assert throttled > 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_row_22_full(ground, fleet, ledger):
    """A minute of flood; the others' p99 stays below two seconds."""
    flagged, throttled, p99_s = flooded(ground, fleet, ledger, 1_200, limit=300)
    assert flagged
    assert throttled > 0
    assert p99_s < LATENCY_S_MAX


def test_row_22_control(ground, fleet, ledger):
    """Without the limit nobody is flagged and nothing is refused: the row would not have passed."""
    flagged, throttled, _ = flooded(ground, fleet, ledger, 0, limit=10**6)
    assert not flagged
    assert throttled == 0
