"""Row 6: an acknowledgement never goes to a connection other than the one its message came from."""

from __future__ import annotations

import queue
import time

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.faults.gateways import Line, eventually, payload_of
from tests.faults.ledger import check

START_US = (int(time.time()) - 86_400) * 1_000_000


def rows_of(batch_id):
    return [("a", START_US + batch_id * 1_000_000, float(batch_id))]


def send(line, ledger, gateway, *batch_ids):
    for batch_id in batch_ids:
        ledger.send(gateway, batch_id, rows_of(batch_id))
        line.publish(gateway, payload_of(batch_id, rows_of(batch_id)))


def test_row_6_stale_acknowledgement(ground, ledger):
    """A0–A2 are held, the broker dies, B0–B2 come with the same packet ids: the commit of A forgets no B."""
    (gateway,) = ground.gateways(1)
    with ground.ingester() as child:
        child.said("broker_connected")
        line = Line(ground.address, [gateway], ledger.acknowledge)
        with psycopg.connect(ground.dsn) as blocker:
            blocker.execute("LOCK TABLE accounting IN ACCESS EXCLUSIVE MODE")
            send(line, ledger, gateway, 0, 1, 2)
            eventually(lambda: len(line.published) == 3, "the broker has A")
            time.sleep(0.5)  # the ingester holds them
            line.close()
            ground.kill_broker()
            ground.broker.start()
            child.said("broker_connected", count=2)
            line = Line(ground.address, [gateway], ledger.acknowledge)
            send(line, ledger, gateway, 10, 11, 12)
            eventually(lambda: len(line.published) == 3, "the broker has B")
            time.sleep(0.5)
            blocker.rollback()
        eventually(lambda: ledger.acked() >= {(gateway, n) for n in (10, 11, 12)}, "B is acknowledged")
        send(line, ledger, gateway, 0, 1, 2)
        eventually(lambda: not ledger.outstanding(), "A is acknowledged when it is sent again")
        line.close()
    assert check(ledger, ground.dsn, [gateway]).faults() == {}
    assert ground.stored_count([gateway]) == 6


class Consumer:
    """An MQTT client that acknowledges by hand, on one session."""

    def __init__(self, ground):
        self.messages = queue.Queue()
        self.connects = 0
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="consumer", protocol=mqtt.MQTTv5, manual_ack=True
        )
        self.client.username_pw_set("nhip-ingest", ground.broker.password)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = self._connected
        self.client.on_message = lambda _c, _u, message: self.messages.put((message.mid, message.payload))
        expiry = Properties(PacketTypes.CONNECT)
        expiry.SessionExpiryInterval = 3600
        self.client.connect(*ground.address, clean_start=False, properties=expiry)
        self.client.loop_start()

    def _connected(self, client, *_):
        client.subscribe("nhip/v1/+/data", 1)
        self.connects += 1

    def take(self, count):
        return [self.messages.get(timeout=20) for _ in range(count)]

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def test_row_6_control(ground, ledger):
    """A consumer that acknowledges what it held, on the new connection, destroys three messages unread."""
    (gateway,) = ground.gateways(1)
    consumer = Consumer(ground)
    eventually(lambda: consumer.connects == 1, "connected")
    line = Line(ground.address, [gateway], ledger.acknowledge)
    send(line, ledger, gateway, 0, 1, 2)
    held = consumer.take(3)
    line.close()
    ground.kill_broker()
    ground.broker.start()
    eventually(lambda: consumer.connects == 2, "connected again")
    line = Line(ground.address, [gateway], ledger.acknowledge)
    send(line, ledger, gateway, 10, 11, 12)
    came = consumer.take(3)
    assert [mid for mid, _ in came] == [mid for mid, _ in held]  # the same ids, other messages
    for mid, _ in held:
        consumer.client.ack(mid, 1)
    time.sleep(0.5)
    consumer.close()
    again = Consumer(ground)
    eventually(lambda: again.connects == 1, "the restarted consumer is connected")
    send(line, ledger, gateway, 20)
    # Had the broker still held B, it would have come before.
    assert again.take(1)[0][1] == payload_of(20, rows_of(20))
    again.close()
    line.close()
