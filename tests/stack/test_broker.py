"""The embedded broker lets everybody say exactly what is theirs to say."""

import os
import queue
import signal
from contextlib import contextmanager

import paho.mqtt.client as mqtt
import pytest

from domain.credentials import broker_password_hash, broker_password_matches
from nhip.stack.broker import EmbeddedBroker
from nhip.stack.broker_access import SERVICE_USER, Credential, render_access, render_passwords

WAIT_S = 20.0


class Client:
    """A real MQTT 5 client whose events are read one by one."""

    def __init__(self, broker, name, username=None, password=None):
        self.messages = queue.Queue()
        self.answers = queue.Queue()
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        if username is not None:
            self.client.username_pw_set(username, password)
        self.client.on_connect = lambda _c, _u, _f, reason, _p: self.answers.put(reason.getName())
        self.client.on_publish = lambda _c, _u, _m, reason, _p: self.answers.put(reason.getName())
        self.client.on_subscribe = lambda _c, _u, _m, reasons, _p: self.answers.put(reasons[0].getName())
        self.client.on_message = lambda _c, _u, message: self.messages.put((message.topic, message.payload))
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        self.connected = self.answers.get(timeout=WAIT_S)

    def publish(self, topic, payload):
        """The broker's answer to one message."""
        self.client.publish(topic, payload, qos=1)
        return self.answers.get(timeout=WAIT_S)

    def subscribe(self, topic):
        self.client.subscribe(topic, qos=1)
        return self.answers.get(timeout=WAIT_S)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def client(broker, name, username=None, password=None):
    one = Client(broker, name, username, password)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    with EmbeddedBroker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.fixture
def service(own):
    with client(own, "observer", SERVICE_USER, own.password) as one:
        one.subscribe("nhip/v1/+/data")
        yield one


def allowed(answer):
    return answer in {"Success", "No matching subscribers"}


def test_a_gateway_speaks_as_itself_and_as_nobody_else(own, service):
    password = own.grant("gw-1")
    with client(own, "gw-1", "gw-1", password) as gateway:
        assert gateway.connected == "Success"
        assert allowed(gateway.publish("nhip/v1/gw-1/data", b"mine"))
        assert service.messages.get(timeout=WAIT_S) == ("nhip/v1/gw-1/data", b"mine")
        assert gateway.publish("nhip/v1/gw-2/data", b"yours") == "Not authorized"
        assert gateway.publish("nhip/v1/gw-1/ack", b"forged") == "Not authorized"


def test_a_gateway_hears_its_own_acknowledgements_only(own, service):
    first, second = own.grant("gw-3"), own.grant("gw-4")
    with client(own, "gw-3", "gw-3", first) as mine, client(own, "gw-4", "gw-4", second) as other:
        mine.subscribe("nhip/v1/+/ack")
        other.subscribe("nhip/v1/gw-4/ack")
        service.publish("nhip/v1/gw-4/ack", b"for gw-4")
        assert other.messages.get(timeout=WAIT_S) == ("nhip/v1/gw-4/ack", b"for gw-4")
        service.publish("nhip/v1/gw-3/ack", b"for gw-3")
        # What is delivered comes in order, so a leaked message for gw-4 would be here first.
        assert mine.messages.get(timeout=WAIT_S) == ("nhip/v1/gw-3/ack", b"for gw-3")


@pytest.mark.parametrize(
    ("username", "password"),
    [("gw-1", "wrong"), ("gw-1", ""), ("nobody-knows-me", "x"), (SERVICE_USER, "wrong")],
)
def test_a_wrong_password_is_refused(own, username, password):
    own.grant("gw-1")
    with client(own, "stranger", username, password) as stranger:
        assert stranger.connected in {"Not authorized", "Bad user name or password"}


def test_an_unknown_gateway_is_heard_without_a_password_but_not_under_a_known_name(own, service):
    own.grant("gw-5")
    with client(own, "anonymous") as unknown:
        assert unknown.connected == "Success"
        assert allowed(unknown.publish("nhip/v1/gw-new/data", b"hello"))
        assert service.messages.get(timeout=WAIT_S) == ("nhip/v1/gw-new/data", b"hello")
        assert unknown.publish("nhip/v1/gw-5/data", b"forged") == "Not authorized"
        assert unknown.publish("nhip/v1/gw-new/ack", b"forged") == "Not authorized"


def test_without_discovery_nobody_connects_without_a_password(tmp_path):
    with EmbeddedBroker(tmp_path, anonymous=False) as closed:
        with client(closed, "anonymous") as unknown:
            assert unknown.connected == "Not authorized"
        with client(closed, "any", SERVICE_USER, closed.password) as service:
            assert service.connected == "Success"


def test_a_killed_broker_comes_back_on_its_port_with_its_accounts(own):
    password, port, pid = own.grant("gw-6"), own.port, own.pid
    os.kill(pid, signal.SIGKILL)
    own.restart()
    assert own.port == port
    assert own.pid != pid
    assert own.pid_file.read_text() == f"{own.pid}\n"
    with client(own, "gw-6", "gw-6", password) as gateway:
        assert gateway.connected == "Success"


def test_a_gateway_cannot_take_the_service_account_by_its_name():
    text = render_passwords(
        "$7$service", [Credential(SERVICE_USER, "$7$gateway"), Credential("gw-1", "$7$a")]
    )
    assert text == f"{SERVICE_USER}:$7$service\ngw-1:$7$a\n"


def test_access_rules_name_registered_gateways_only_where_anonymous_clients_are_heard():
    assert "topic deny nhip/v1/gw-1/#" in render_access(["gw-1"], anonymous=True)
    assert "gw-1" not in render_access(["gw-1"], anonymous=False)


def test_writing_the_same_accounts_again_changes_nothing(tmp_path):
    broker = EmbeddedBroker(tmp_path)
    accounts = {"gw-1": broker_password_hash("x")}
    assert broker.access_files().write(accounts)
    assert not broker.access_files().write(accounts)
    assert broker.access_files().write({})
    kept = broker.password_file.read_text().partition(":")[2].strip()
    assert broker_password_matches(broker.password, kept)
