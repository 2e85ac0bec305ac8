"""Several ingesters share the messages: who serves what, and that a change of hands loses nothing."""

from __future__ import annotations

import secrets
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr, ValidationError

from ingest.settings import IngestSettings
from tests.ingest.conftest import Publisher, eventually, forget_session
from tests.ingest.test_faults import Stream, check, process, said


def forget_shards(broker) -> None:
    forget_session(broker)
    for number in (2, 3):
        _forget(broker, f"nhip-ingest-{number}")


def _forget(broker, name: str) -> None:
    parts = urlsplit(broker.url)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
    client.username_pw_set(name, parts.password)
    client.connect(parts.hostname or "", parts.port or 1883, clean_start=True)
    client.loop_start()
    eventually(client.is_connected)
    client.disconnect()
    client.loop_stop()


@pytest.fixture
def gateways(registry, broker):
    """Four registered gateways with a stream each."""
    forget_shards(broker)
    codes = [f"gw-{secrets.token_hex(4)}" for _ in range(4)]
    for code in codes:
        registry.gateway(code)
        registry.sensor(code, "a", "active_power", "kW")
    streams = [Stream(broker, code, rate=50.0) for code in codes]
    yield dict(zip(codes, streams, strict=True))
    for stream in streams:
        stream.close()
    forget_shards(broker)


def end_and_check(registry, gateways) -> None:
    for stream in gateways.values():
        stream.end()
    for code, stream in gateways.items():
        check(registry, code, stream.sent)


def test_two_ingesters_share_the_work(registry, broker, role_dsn, gateways):
    """Both store readings; together they store each exactly once."""
    dsn = role_dsn("nhip_ingest")
    with ExitStack() as stack:
        for shard in ("1/2", "2/2"):
            child = stack.enter_context(process(broker, dsn, NHIP_INGEST_SHARD=shard))
            said(child, b"broker_connected")
        writers = "SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE application_name = 'nhip-ingest'"
        eventually(lambda: registry.rows(writers)[0][0] >= 2)
        before = sum(len(stream.publisher.acknowledged) for stream in gateways.values())
        eventually(
            lambda: sum(len(stream.publisher.acknowledged) for stream in gateways.values()) > before + 200
        )
        end_and_check(registry, gateways)


def test_a_shard_that_dies_is_taken_over(registry, broker, role_dsn, gateways):
    """A second process for the same shard waits, and goes on when the first is killed; nothing is lost."""
    dsn = role_dsn("nhip_ingest")
    with ExitStack() as stack:
        stack.enter_context(process(broker, dsn, NHIP_INGEST_SHARD="1/2"))
        second = stack.enter_context(process(broker, dsn, NHIP_INGEST_SHARD="2/2"))
        said(second, b"broker_connected")
        standby = stack.enter_context(process(broker, dsn, NHIP_INGEST_SHARD="2/2"))
        said(standby, b"another_ingester_is_active")
        time.sleep(0.5)
        second.kill()
        said(standby, b"broker_connected")
        end_and_check(registry, gateways)


def test_one_becomes_two_and_one_again(registry, broker, role_dsn, gateways):
    """From 1/1 to 1/2 and 2/2, and back after 2/2 has been retired, under load: nothing is lost."""
    dsn = role_dsn("nhip_ingest")
    with process(broker, dsn) as alone:
        said(alone, b"broker_connected")
        time.sleep(0.5)
    with (
        process(broker, dsn, NHIP_INGEST_SHARD="1/2"),
        process(broker, dsn, NHIP_INGEST_SHARD="2/2") as second,
    ):
        said(second, b"broker_connected")
        time.sleep(0.5)
        second.kill()
        with process(broker, dsn, NHIP_INGEST_SHARD="2/2", NHIP_INGEST_RETIRE="true") as retiring:
            assert retiring.wait(60) == 0
    with process(broker, dsn):
        end_and_check(registry, gateways)


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1/0", "1", "a/b", "1/65", "1/2 "])
def test_a_shard_that_does_not_exist_is_refused(shard):
    """What was found and what was expected."""
    with pytest.raises(ValidationError, match="expected i/n with 1 <= i <= n <= 64, found"):
        IngestSettings(mqtt_url=SecretStr("mqtt://x"), shard=shard)


def test_messages_reach_one_shard_each(registry, broker, role_dsn, gateways, gateway_code):
    """A gateway's messages are not stored twice: nothing counts as duplicate while nobody resends."""
    registry.gateway(gateway_code)
    registry.sensor(gateway_code, "a", "active_power", "kW")
    dsn = role_dsn("nhip_ingest")
    with ExitStack() as stack:
        for shard in ("1/2", "2/2"):
            said(stack.enter_context(process(broker, dsn, NHIP_INGEST_SHARD=shard)), b"broker_connected")
        sender = Publisher(broker, gateway_code)
        for batch_id in range(100):
            sender.readings(batch_id, ("a", time.time() - 1000 + batch_id, 1.0))
        sender.wait(*range(100))
        sender.close()
        assert registry.account(gateway_code) == {"messages": 100, "received": 100, "stored": 100}
    del gateways
