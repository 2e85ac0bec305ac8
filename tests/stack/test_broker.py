"""The embedded broker lets everybody say exactly what is theirs to say."""

import os
import queue
import signal
from contextlib import contextmanager

import paho.mqtt.client as mqtt
import pytest

from domain.credentials import broker_password_hash, broker_password_matches
from domain.service_accounts import SERVICE_USERS
from ingest.settings import IngestSettings
from ingest.subscription import subscription_of
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


def test_a_gateway_cannot_take_a_service_account_by_its_name():
    names = [*SERVICE_USERS, "nhip-ingest-9", "gw-1", "nhip-ingest-hanoi"]
    text = render_passwords("$7$service", [Credential(name, "$7$gateway") for name in names])
    service, gateways = text.splitlines()[: len(SERVICE_USERS)], text.splitlines()[len(SERVICE_USERS) :]
    assert service == [f"{name}:$7$service" for name in SERVICE_USERS]
    assert gateways == ["gw-1:$7$gateway", "nhip-ingest-hanoi:$7$gateway"]


def test_every_shard_has_the_account_of_its_client_id():
    count = len(SERVICE_USERS)
    shards = [
        IngestSettings(mqtt_url="mqtt://broker", shard=f"{number}/{count}") for number in range(1, count + 1)
    ]
    assert tuple(subscription_of(shard).client_id for shard in shards) == SERVICE_USERS


@pytest.mark.parametrize("name", SERVICE_USERS)
def test_every_service_account_hears_gateways_and_answers_them(own, name):
    password = own.grant("gw-20")
    with (
        client(own, f"as-{name}", name, own.password) as one,
        client(own, "gw-20", "gw-20", password) as gateway,
    ):
        assert one.connected == "Success"
        assert one.subscribe("nhip/v1/+/data") == one.subscribe("spBv1.0/#") == "Granted QoS 1"
        gateway.subscribe("nhip/v1/gw-20/ack")
        gateway.subscribe("spBv1.0/+/NCMD/gw-20")
        for topic in ("nhip/v1/gw-20/data", "spBv1.0/city/NDATA/gw-20"):
            gateway.publish(topic, b"x")
            assert one.messages.get(timeout=WAIT_S) == (topic, b"x")
        for topic in ("nhip/v1/gw-20/ack", "spBv1.0/city/NCMD/gw-20"):
            one.publish(topic, b"y")
            assert gateway.messages.get(timeout=WAIT_S) == (topic, b"y")


@pytest.mark.parametrize(
    ("filter_", "topic"),
    [
        ("$share/nhip/nhip/v1/+/data", "nhip/v1/gw-21/data"),
        ("$share/nhip/spBv1.0/+/+/+", "spBv1.0/city/NDATA/gw-21"),
        ("$share/nhip/spBv1.0/+/+/+/+", "spBv1.0/city/DDATA/gw-21/d1"),
    ],
)
def test_two_ingesters_share_the_messages_of_a_subscription(own, filter_, topic):
    password = own.grant("gw-21")
    with (
        client(own, SERVICE_USERS[0], SERVICE_USERS[0], own.password) as first,
        client(own, SERVICE_USERS[1], SERVICE_USERS[1], own.password) as second,
        client(own, "gw-21", "gw-21", password) as gateway,
    ):
        assert first.subscribe(filter_) == second.subscribe(filter_) == "Granted QoS 1"
        for number in range(6):
            assert gateway.publish(topic, b"%d" % number) == "Success"
        heard = [one.messages.get(timeout=WAIT_S) for one in (first, second) for _ in range(3)]
        assert sorted(heard) == [(topic, b"%d" % number) for number in range(6)]


SPARKPLUG_WRITES = [
    *(f"spBv1.0/city/{kind}/gw-22" for kind in ("NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH")),
    *(f"spBv1.0/city/{kind}/gw-22/d1" for kind in ("DBIRTH", "DDATA", "DDEATH")),
]
SPARKPLUG_FORGERIES = [
    "spBv1.0/city/NDATA/gw-23",
    "spBv1.0/city/DDATA/gw-23",
    "spBv1.0/city/DDATA/gw-23/gw-22",
    "spBv1.0/gw-22/NDATA/gw-23",
    "spBv1.0/city/NDATA/gw-22/d1",
    "spBv1.0/city/NCMD/gw-22",
    "spBv1.0/city/DCMD/gw-22/d1",
    "spBv1.0/city/STATE/gw-22",
]


def test_a_sparkplug_gateway_speaks_as_itself_and_as_nobody_else(own, service):
    service.subscribe("spBv1.0/#")
    password = own.grant("gw-22")
    own.grant("gw-23")
    with client(own, "gw-22", "gw-22", password) as gateway:
        assert [gateway.publish(topic, b"") for topic in SPARKPLUG_FORGERIES] == ["Not authorized"] * 8
        assert [gateway.publish(topic, b"mine") for topic in SPARKPLUG_WRITES] == ["Success"] * 9
    heard = [service.messages.get(timeout=WAIT_S) for _ in SPARKPLUG_WRITES]
    assert heard == [(topic, b"mine") for topic in SPARKPLUG_WRITES]


def test_a_sparkplug_gateway_hears_its_own_commands_only(own, service):
    first, second = own.grant("gw-24"), own.grant("gw-25")
    with client(own, "gw-24", "gw-24", first) as mine, client(own, "gw-25", "gw-25", second) as other:
        mine.subscribe("spBv1.0/#")
        other.subscribe("spBv1.0/+/NCMD/gw-25")
        service.publish("spBv1.0/city/NCMD/gw-25", b"for gw-25")
        assert other.messages.get(timeout=WAIT_S) == ("spBv1.0/city/NCMD/gw-25", b"for gw-25")
        service.publish("spBv1.0/city/NCMD/gw-24", b"for gw-24")
        assert mine.messages.get(timeout=WAIT_S) == ("spBv1.0/city/NCMD/gw-24", b"for gw-24")
        assert service.publish("spBv1.0/city/NDATA/gw-24", b"forged") == "Not authorized"


def test_an_unknown_sparkplug_gateway_is_heard_but_not_under_a_known_name(own, service):
    service.subscribe("spBv1.0/#")
    own.grant("gw-26")
    with client(own, "anonymous") as unknown:
        for topic in ("spBv1.0/city/NBIRTH/gw-new", "spBv1.0/city/DDATA/gw-new/d1"):
            assert unknown.publish(topic, b"hello") == "Success"
            assert service.messages.get(timeout=WAIT_S) == (topic, b"hello")
        refused = ("NBIRTH/gw-26", "DDATA/gw-26/d1", "NCMD/gw-new", "NCMD/gw-26")
        answers = [unknown.publish(f"spBv1.0/city/{end}", b"forged") for end in refused]
        assert answers == ["Not authorized"] * len(refused)


def test_access_rules_name_registered_gateways_only_where_anonymous_clients_are_heard():
    rules = render_access(["gw-1"], anonymous=True).splitlines()
    assert {"topic deny nhip/v1/gw-1/#", "topic deny spBv1.0/+/+/gw-1/#"} <= set(rules)
    assert "gw-1" not in render_access(["gw-1"], anonymous=False)


def test_writing_the_same_accounts_again_changes_nothing(tmp_path):
    broker = EmbeddedBroker(tmp_path)
    accounts = {"gw-1": broker_password_hash("x")}
    assert broker.access_files().write(accounts)
    assert not broker.access_files().write(accounts)
    assert broker.access_files().write({})
    names, kept = zip(
        *(line.split(":") for line in broker.password_file.read_text().splitlines()), strict=True
    )
    assert names == SERVICE_USERS
    assert len(set(kept)) == 1
    assert broker_password_matches(broker.password, kept[0])


def test_accounts_of_one_ingester_get_the_others_and_keep_the_password(tmp_path):
    """As a release that knew one ingester wrote them."""
    broker = EmbeddedBroker(tmp_path)
    kept = broker_password_hash(broker.password)
    broker.password_file.write_text(f"{SERVICE_USER}:{kept}\n")
    assert broker.access_files().write({})
    assert broker.password_file.read_text() == "".join(f"{name}:{kept}\n" for name in SERVICE_USERS)
