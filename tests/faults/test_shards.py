"""Several ingesters share the messages: together they lose nothing, whoever dies, however many there are."""

from __future__ import annotations

import time

from tests.faults.gateways import eventually

# The advisory locks of ingest, one for each shard.
_SHARD_LOCKS = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1852336496 AND granted"
)
_RECEIVED = "SELECT sum(received)::bigint, sum(duplicate)::bigint FROM accounting WHERE gateway = ANY(%s)"


def acked_since(ledger, before: int, count: int) -> None:
    eventually(lambda: len(ledger.acked()) > before + count, f"{count} more acknowledgements")


def test_two_ingesters_share_the_work(ground, fleet, ledger, kept):
    """Both take messages, and together they store each reading exactly once, without a duplicate."""
    gateways = fleet(rate=0.0, resend_s=60.0)
    with (
        ground.ingester(NHIP_INGEST_SHARD="1/2") as first,
        ground.ingester(NHIP_INGEST_SHARD="2/2") as second,
    ):
        for child, name in ((first, "nhip-ingest"), (second, "nhip-ingest-2")):
            assert child.said("broker_connected")["client_id"] == name
        # Not before: what nobody has subscribed to yet is sent again, and would count twice.
        gateways.rate = 200.0
        acked_since(ledger, 0, 300)
        assert ground.execute(_SHARD_LOCKS) == [(2,)]
        gateways.drain()
    kept(gateways)
    ((received, duplicate),) = ground.execute(_RECEIVED, gateways.gateways)
    assert (received, duplicate) == (ledger.sends.total() * 5, 0)


def test_a_shard_that_dies_is_taken_over(ground, fleet, ledger, kept):
    """A second process for the same shard waits, and goes on with its session when the first is killed."""
    gateways = fleet(rate=200.0)
    with ground.ingester(NHIP_INGEST_SHARD="1/2"), ground.ingester(NHIP_INGEST_SHARD="2/2") as second:
        second.said("broker_connected")
        with ground.ingester(NHIP_INGEST_SHARD="2/2") as standby:
            standby.said("another_ingester_is_active")
            acked_since(ledger, 0, 100)
            second.kill()
            assert standby.said("broker_connected")["session_present"] is True
            gateways.drain()
    kept(gateways)


def test_one_becomes_two_and_one_again(ground, fleet, ledger, kept):
    """From 1/1 to 1/2 and 2/2 and back, under load, with a shard killed before it is retired."""
    gateways = fleet(rate=200.0)
    with ground.ingester() as alone:
        alone.said("broker_connected")
        acked_since(ledger, 0, 50)
    with ground.ingester(NHIP_INGEST_SHARD="1/2"):
        with ground.ingester(NHIP_INGEST_SHARD="2/2") as second:
            second.said("broker_connected")
            acked_since(ledger, len(ledger.acked()), 50)
            second.kill()
        # Its session goes on taking a share of the messages until somebody drains and ends it.
        time.sleep(1.0)
        with ground.ingester(NHIP_INGEST_SHARD="2/2", NHIP_INGEST_RETIRE="true") as retiring:
            retiring.said("shard_retired")
            assert retiring.child.wait(30) == 0
        with ground.ingester(NHIP_INGEST_SHARD="2/2", NHIP_INGEST_RETIRE="true") as again:
            assert again.said("broker_connected")["session_present"] is False
    with ground.ingester():
        gateways.drain()
    kept(gateways)
