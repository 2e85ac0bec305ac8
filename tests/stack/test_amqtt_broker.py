"""The substitute broker keeps the same doors shut as mosquitto, from the same files."""

import queue
import time

import paho.mqtt.client as mqtt
import pytest

from domain.credentials import broker_password_hash
from nhip.stack.amqtt_broker import Access
from nhip.stack.broker import EmbeddedBroker
from nhip.stack.broker_access import SERVICE_USER, Credential, render_access, render_passwords
from nhip.stack.broker_binaries import amqtt_instead

WAIT_S = 30.0


@pytest.fixture
def access():
    passwords = render_passwords(
        broker_password_hash("service"), [Credential("gw-1", broker_password_hash("one"))]
    )
    return Access(passwords, render_access(["gw-1"], anonymous=True), anonymous=True)


@pytest.mark.parametrize(
    ("username", "password", "admitted"),
    [
        ("gw-1", "one", True),
        ("gw-1", "two", False),
        ("gw-1", None, False),
        ("gw-2", "one", False),
        (SERVICE_USER, "service", True),
        ("nhip-ingest-2", "service", True),
        ("nhip-ingest-2", "one", False),
        ("nhip-ingest-9", "service", False),
        (None, None, True),
    ],
)
def test_only_the_right_password_opens(access, username, password, admitted):
    assert access.admits(username, password) is admitted


@pytest.mark.parametrize(
    ("username", "topic", "write", "allowed"),
    [
        ("gw-1", "nhip/v1/gw-1/data", True, True),
        ("gw-1", "nhip/v1/gw-1/status", True, True),
        ("gw-1", "nhip/v1/gw-2/data", True, False),
        ("gw-1", "nhip/v1/gw-1/ack", True, False),
        ("gw-1", "nhip/v1/gw-1/ack", False, True),
        ("gw-1", "nhip/v1/gw-2/ack", False, False),
        ("gw-1", "nhip/v1/gw-1/data/more", True, False),
        (None, "nhip/v1/gw-new/data", True, True),
        (None, "nhip/v1/gw-1/data", True, False),
        (None, "nhip/v1/gw-1/ack", False, False),
        (None, "nhip/v1/gw-new/ack", False, True),
        (None, "nhip/v1/gw-new/ack", True, False),
        (None, "nhip/v1/gw-new/data", False, False),
        (SERVICE_USER, "nhip/v1/gw-1/data", False, True),
        (SERVICE_USER, "nhip/v1/gw-1/ack", True, True),
        (SERVICE_USER, "$SYS/broker/uptime", False, True),
        ("nhip-ingest-8", "nhip/v1/gw-1/data", False, True),
        ("nhip-ingest-8", "nhip/v1/gw-1/ack", True, True),
        ("gw-1", "spBv1.0/city/NBIRTH/gw-1", True, True),
        ("gw-1", "spBv1.0/city/DDATA/gw-1/d1", True, True),
        ("gw-1", "spBv1.0/city/DDATA/gw-2/d1", True, False),
        ("gw-1", "spBv1.0/city/NDATA/gw-2", True, False),
        ("gw-1", "spBv1.0/city/NDATA/gw-1", False, False),
        ("gw-1", "spBv1.0/city/NCMD/gw-1", True, False),
        ("gw-1", "spBv1.0/city/NCMD/gw-1", False, True),
        ("gw-1", "spBv1.0/city/DCMD/gw-1/d1", False, True),
        ("gw-1", "spBv1.0/city/NCMD/gw-2", False, False),
        (None, "spBv1.0/city/NDATA/gw-new", True, True),
        (None, "spBv1.0/city/DDATA/gw-new/d1", True, True),
        (None, "spBv1.0/city/NDATA/gw-1", True, False),
        (None, "spBv1.0/city/DDATA/gw-1/d1", True, False),
        (None, "spBv1.0/city/NCMD/gw-new", True, False),
        (SERVICE_USER, "spBv1.0/city/DDATA/gw-1/d1", False, True),
        (SERVICE_USER, "spBv1.0/city/NCMD/gw-1", True, True),
        (SERVICE_USER, "spBv1.0/city/NDATA/gw-1", True, False),
    ],
)
def test_everybody_has_their_own_topics(access, username, topic, write, allowed):
    assert access.allows(username, topic, write=write) is allowed


class Client:
    """A real MQTT 3.1.1 client."""

    def __init__(self, broker, username=None, password=None):
        self.answers, self.messages = queue.Queue(), queue.Queue()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        if username is not None:
            self.client.username_pw_set(username, password)
        self.client.on_connect = lambda _c, _u, _f, reason, _p: self.answers.put(reason.getName())
        self.client.on_subscribe = lambda _c, _u, _m, reasons, _p: self.answers.put(reasons[0].getName())
        self.client.on_message = lambda _c, _u, message: self.messages.put((message.topic, message.payload))
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        self.connected = self.answers.get(timeout=WAIT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()


def test_messages_pass_through_it_and_forged_ones_do_not(tmp_path):
    with EmbeddedBroker(tmp_path, binary=amqtt_instead()) as broker:
        assert broker.url.endswith("?version=3.1.1")
        password = broker.grant("gw-1")
        deadline = time.monotonic() + WAIT_S
        while True:  # it reads its files a moment after the signal
            with Client(broker, "gw-1", password) as gateway:
                if gateway.connected == "Success":
                    break
            assert time.monotonic() < deadline
        with Client(broker, "gw-1", "wrong") as stranger:
            assert stranger.connected == "Not authorized"
        with (
            Client(broker, SERVICE_USER, broker.password) as service,
            Client(broker, "gw-1", password) as gateway,
            Client(broker) as unknown,
        ):
            service.client.subscribe("nhip/v1/+/data", qos=1)
            assert service.answers.get(timeout=WAIT_S) == "Granted QoS 1"
            unknown.client.publish("nhip/v1/gw-1/data", b"forged", qos=1).wait_for_publish(WAIT_S)
            unknown.client.publish("nhip/v1/gw-new/data", b"hello", qos=1).wait_for_publish(WAIT_S)
            assert service.messages.get(timeout=WAIT_S) == ("nhip/v1/gw-new/data", b"hello")
            gateway.client.publish("nhip/v1/gw-1/data", b"mine", qos=1).wait_for_publish(WAIT_S)
            assert service.messages.get(timeout=WAIT_S) == ("nhip/v1/gw-1/data", b"mine")
