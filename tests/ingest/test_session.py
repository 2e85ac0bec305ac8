"""The MQTT session against a scripted broker at the other end of a socket, and against a real one."""

from __future__ import annotations

import json
import queue
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from typing import NamedTuple

import pytest
import structlog
from pydantic import SecretStr

from ingest.acknowledgement import Acknowledgements
from ingest.inbox import Inbox
from ingest.session import Completion, Session
from ingest.settings import IngestSettings
from tests.ingest.conftest import eventually, forget_session, settings_for_broker

WAIT_S = 20.0
CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 10, 12, 14


class Packet(NamedTuple):
    kind: int
    first: int
    body: bytes

    @property
    def number(self) -> int:
        """Packet id of PUBACK, SUBSCRIBE and UNSUBSCRIBE."""
        return struct.unpack_from(">H", self.body)[0]

    @property
    def publish(self) -> tuple[str, int, bytes]:
        """Topic, packet id and payload of a PUBLISH with QoS 1 and no properties."""
        size = struct.unpack_from(">H", self.body)[0]
        number = struct.unpack_from(">H", self.body, 2 + size)[0]
        return self.body[2 : 2 + size].decode(), number, self.body[5 + size :]


def length(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def packet(first: int, body: bytes = b"") -> bytes:
    return bytes((first,)) + length(len(body)) + body


def message(number: int, payload: bytes = b"{}", topic: bytes = b"nhip/v1/g/data") -> bytes:
    body = struct.pack(">H", len(topic)) + topic + struct.pack(">H", number) + b"\0" + payload
    return packet(0x32, body)


class Connection:
    """One connection of the session, seen by the broker."""

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self.packets: queue.Queue[Packet | None] = queue.Queue()
        self.seen: list[Packet] = []
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.peer.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _receive(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                first = self._exactly(1)[0]
                size = shift = 0
                while True:
                    byte = self._exactly(1)[0]
                    size |= (byte & 0x7F) << shift
                    shift += 7
                    if not byte & 0x80:
                        break
                self.packets.put(Packet(first >> 4, first, self._exactly(size)))
        with suppress(OSError):  # as a broker does: the session waits for it
            self.peer.shutdown(socket.SHUT_WR)
        self.packets.put(None)

    def next(self, kind: int) -> Packet:
        """The next packet of a kind; others before it are kept in `seen`."""
        deadline = time.monotonic() + WAIT_S
        while True:
            found = self.packets.get(timeout=max(deadline - time.monotonic(), 0.01))
            assert found is not None, f"the session closed the connection; seen {self.seen}"
            self.seen.append(found)
            if found.kind == kind:
                return found

    def ended(self) -> list[Packet]:
        """All that came until the session closed the connection."""
        while (found := self.packets.get(timeout=WAIT_S)) is not None:
            self.seen.append(found)
        return self.seen

    def of(self, kind: int) -> list[Packet]:
        return [one for one in self.seen if one.kind == kind]

    def send(self, *data: bytes) -> None:
        self.peer.sendall(b"".join(data))

    def accept(self, properties: bytes = b"", *, granted: tuple[int, ...] | None = None) -> None:
        """Answer CONNECT, SUBSCRIBE and UNSUBSCRIBE."""
        self.next(CONNECT)
        self.send(packet(0x20, b"\0\0" + length(len(properties)) + properties))
        subscribe = self.next(SUBSCRIBE)
        reasons = bytes(granted or (1,) * 4)
        self.send(packet(0x90, struct.pack(">HB", subscribe.number, 0) + reasons))
        unsubscribe = self.next(UNSUBSCRIBE)
        self.send(packet(0xB0, struct.pack(">HB", unsubscribe.number, 0) + bytes(3)))

    def close(self) -> None:
        with suppress(OSError):
            self.peer.shutdown(socket.SHUT_RDWR)
        self._thread.join(WAIT_S)
        self.peer.close()


class Script:
    """A broker that does what the test says."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(WAIT_S)
        self.made: list[Connection] = []

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.listener.getsockname()[1]}"

    def connection(self) -> Connection:
        self.made.append(Connection(self.listener.accept()[0]))
        return self.made[-1]

    def accepted(self, properties: bytes = b"") -> Connection:
        connection = self.connection()
        connection.accept(properties)
        return connection

    def close(self) -> None:
        self.listener.close()
        for one in self.made:
            one.close()


@pytest.fixture
def script():
    script = Script()
    yield script
    script.close()


class Running(NamedTuple):
    session: Session
    inbox: Inbox
    settings: IngestSettings

    def take(self, count: int) -> list:
        """Exactly so many messages, as the pipeline takes them."""
        found = []
        while len(found) < count:
            fresh = self.inbox.take(WAIT_S, 1 << 30, count - len(found))
            assert fresh, f"only {len(found)} of {count} messages came"
            # The broker is shared: it may hold the status of another test's gateway.
            found += [one for one in fresh if not one.topic.endswith("/status")]
        return found

    def finish(self, messages) -> None:
        self.inbox.finish(len(messages), sum(len(one.payload) for one in messages))

    def commit(self, messages, *, epoch: int | None = None, batches=None) -> None:
        """Say of messages that they are stored, as the pipeline does."""
        packets: dict[int, list[int]] = {}
        for one in messages:
            packets.setdefault(one.epoch if epoch is None else epoch, []).append(one.packet_id)
        self.session.complete(Completion(packets, batches or {}))
        self.finish(messages)


@contextmanager
def running_with(settings: IngestSettings):
    inbox = Inbox(settings.inflight_max, settings.inflight_bytes_max)
    session = Session(settings, inbox)
    thread = threading.Thread(target=session.run, daemon=True)
    thread.start()
    session.allow()
    try:
        yield Running(session, inbox, settings)
    finally:
        session.stop()
        thread.join(WAIT_S)
    assert not thread.is_alive()


def running(script: Script, query: str = "", **overrides):
    url = SecretStr(script.url + query)
    return running_with(IngestSettings(mqtt_url=url, **({"reconnect_s_max": 0.3} | overrides)))


def sentinel(run: Running, connection: Connection) -> None:
    """Wait until the session has sent everything that was completed before."""
    run.session.complete(Completion({}, {"sentinel": [1]}))
    while connection.next(PUBLISH).publish[0] != "nhip/v1/sentinel/ack":
        pass


def test_a_stale_acknowledgement_goes_nowhere(script):
    """A0-A2 are committed when their connection is gone; B0-B2 have their ids and stay unacknowledged."""
    with running(script) as run:
        first = script.accepted()
        first.send(*(message(number, b"A") for number in (1, 2, 3)))
        committed_late = run.take(3)
        first.close()
        second = script.accepted()
        second.send(*(message(number, b"B") for number in (1, 2, 3)))
        fresh = run.take(3)
        assert [one.packet_id for one in committed_late] == [one.packet_id for one in fresh]
        run.commit(committed_late)
        sentinel(run, second)
        assert second.of(PUBACK) == []
        run.commit(fresh)
        assert [second.next(PUBACK).number for _ in range(3)] == [1, 2, 3]


def test_the_check_for_stale_acknowledgements_notices_one(script):
    """The control of the test above: with the epoch of the new connection the same ids are acknowledged."""
    with running(script) as run:
        first = script.accepted()
        first.send(*(message(number, b"A") for number in (1, 2, 3)))
        committed_late = run.take(3)
        first.close()
        second = script.accepted()
        second.send(message(1, b"B"))
        [fresh] = run.take(1)
        run.commit(committed_late, epoch=fresh.epoch)
        sentinel(run, second)
        assert [one.number for one in second.of(PUBACK)] == [1, 2, 3]


def test_nothing_waiting_outlives_its_connection(script):
    """What nobody has taken is dropped: the broker sends it again."""
    with running(script) as run:
        first = script.accepted()
        first.send(message(1, b"A"), message(2, b"A"))
        eventually(lambda: run.inbox.waiting_count == 2)
        first.close()
        second = script.accepted()
        assert run.inbox.open_count == 0
        second.send(message(1, b"B"))
        assert [one.payload for one in run.take(1)] == [b"B"]


def test_acknowledgements_leave_in_the_order_of_completion(script):
    """[MQTT-4.6.0-2], over several completions; QoS 0 is never acknowledged."""
    with running(script) as run:
        connection = script.accepted()
        numbers = [*range(1, 200), 65_535, 300]
        connection.send(*(message(number) for number in numbers))
        taken = run.take(len(numbers))
        for start in range(0, len(taken), 7):
            run.commit(taken[start : start + 7])
        assert [connection.next(PUBACK).number for _ in numbers] == numbers


def test_the_brokers_receive_maximum_is_respected(script):
    """Never more than so many of ours are unacknowledged; the others follow, commands too."""
    commands = [(f"nhip/v1/c{number}/cmd", b"again") for number in range(4)]
    with running(script) as run:
        connection = script.accepted(b"\x21\0\2")
        run.session.complete(Completion({}, {f"g{number}": [number] for number in range(5)}, commands))
        topics = []
        for _ in range(9):
            topic, number, _payload = connection.next(PUBLISH).publish
            topics.append(topic)
            unanswered = len(connection.of(PUBLISH)) - len(topics) + 1
            assert unanswered <= 2
            connection.send(packet(0x40, struct.pack(">H", number)))
        assert set(topics) == {f"nhip/v1/g{number}/ack" for number in range(5)} | {
            topic for topic, _ in commands
        }


def test_no_third_publish_while_two_are_unanswered(script):
    """The window of two stays shut until a PUBACK opens it."""
    with running(script) as run:
        connection = script.accepted(b"\x21\0\2")
        run.session.complete(Completion({}, {f"g{number}": [number] for number in range(4)}))
        numbers = [connection.next(PUBLISH).publish[1] for _ in range(2)]
        # A PUBACK of ours comes behind all that the session had to say before.
        connection.send(message(9))
        run.commit(run.take(1))
        connection.next(PUBACK)
        assert len(connection.of(PUBLISH)) == 2
        connection.send(packet(0x40, struct.pack(">H", numbers[0])))
        connection.next(PUBLISH)


def test_reading_pauses_while_the_inbox_is_full(script):
    """Acknowledgements flow meanwhile, and reading goes on when there is room."""
    with running(script, inflight_max=10, keepalive_s=2) as run:
        connection = script.accepted()
        connection.send(*(message(number) for number in range(1, 11)))
        eventually(lambda: run.inbox.is_full)
        # The session has looked at its inbox when it sends this.
        sentinel(run, connection)
        sentinel(run, connection)
        connection.send(*(message(number) for number in range(11, 16)))
        held = run.take(10)
        run.commit(held[:2])
        assert [connection.next(PUBACK).number for _ in range(2)] == [1, 2]
        # Two pings later a paused reader is still no silent broker.
        connection.next(PINGREQ)
        connection.next(PINGREQ)
        assert run.inbox.waiting_count == 0
        run.commit(held[2:])
        assert [one.packet_id for one in run.take(5)] == [11, 12, 13, 14, 15]
        assert run.session.is_connected


def test_an_oversized_message_is_passed_on_to_be_set_aside(script):
    """One byte more than allowed, so that the pipeline sees it; its neighbours arrive whole."""
    with running(script, payload_bytes_max=1_000) as run:
        connection = script.accepted()
        connection.send(message(1, b"a"), message(2, bytes(3_000_000)), message(3, b"c"))
        taken = run.take(3)
        assert [len(one.payload) for one in taken] == [1, 1_001, 1]
        run.commit(taken)
        assert [connection.next(PUBACK).number for _ in range(3)] == [1, 2, 3]


def test_a_silent_broker_is_left(script):
    """No answer to pings for as long as the keep alive: another connection is tried."""
    with structlog.testing.capture_logs() as logs, running(script, keepalive_s=2):
        connection = script.accepted()
        connection.next(PINGREQ)
        script.accepted()
    assert "broker_silent" in [entry["event"] for entry in logs]


def test_the_brokers_keep_alive_counts(script):
    """Server Keep Alive replaces ours (section 3.2.2.3.14): pings come often enough for it."""
    with running(script, keepalive_s=600):
        connection = script.accepted(b"\x13\0\3")
        connection.next(PINGREQ)


def test_a_takeover_is_explained(script):
    """The log says what an operator should look for."""
    with structlog.testing.capture_logs() as logs, running(script):
        script.accepted().send(packet(0xE0, b"\x8e\0"))
        script.accepted()
    [entry] = [one for one in logs if one["event"] == "broker_disconnected"]
    assert entry["reason"] == "Session taken over"
    assert "second ingester" in entry["hint"]


def test_a_refusal_is_explained_and_tried_again(script):
    with structlog.testing.capture_logs() as logs, running(script) as run:
        connection = script.connection()
        connection.next(CONNECT)
        connection.send(packet(0x20, b"\0\x87\0"))
        connection.ended()
        assert not run.session.is_connected
        script.accepted()
        eventually(lambda: run.session.is_connected)
    [entry] = [one for one in logs if one["event"] == "broker_refused"]
    assert entry["reason"] == "Not authorized"
    assert "NHIP_INGEST_MQTT_URL" in entry["hint"]


def test_a_broker_that_hangs_up_before_it_answers_is_named(script):
    """A full broker closes at once; a log that says nothing would leave the operator with nothing."""
    with structlog.testing.capture_logs() as logs, running(script):
        connection = script.connection()
        connection.next(CONNECT)
        connection.close()
        script.accepted()
    assert [one["log_level"] for one in logs if one["event"] == "broker_disconnected"] == ["warning"]


def test_a_refused_filter_is_named_and_the_others_go_on(script):
    with structlog.testing.capture_logs() as logs, running(script) as run:
        connection = script.connection()
        connection.accept(granted=(0x87, 1, 1, 1))
        connection.send(message(1))
        run.take(1)
    [entry] = [one for one in logs if one["event"] == "subscription_refused"]
    assert entry["filter"] == "nhip/v1/+/data"


@pytest.mark.parametrize("poison", [packet(0x36, b"\0\1t\0\1\0"), b"\xff" * 5], ids=["QoS 3", "noise"])
def test_a_broker_that_breaks_the_rules_is_left_with_a_reason(script, poison):
    """DISCONNECT names the cause, and the next attempt comes on a new connection."""
    with running(script):
        connection = script.accepted()
        connection.send(poison)
        goodbye = connection.ended()[-1]
        assert goodbye.kind == DISCONNECT
        assert goodbye.body[0] in {0x81, 0x82}
        script.accepted()


def test_a_connection_that_fails_at_once_again_and_again_is_tried_ever_more_slowly(script):
    """What breaks the connection may come again on each: accepted or not, attempts must thin out."""
    counted = []
    with running(script) as run:
        for _ in range(4):
            connection = script.accepted()
            # The exponent of the back-off.
            counted.append(run.session._attempts)
            connection.send(b"\xff" * 5)
            connection.ended()
    assert counted == [1, 2, 3, 4]


def test_what_it_says_when_it_connects(script):
    """The session goes on, for as long as the settings say, with a bounded window; account from the URL."""
    url = SecretStr(script.url.replace("//", "//me%40x:p%2Fw@"))
    with running_with(IngestSettings(mqtt_url=url, inflight_max=77, session_expiry_s=86_400)):
        connect = script.connection().next(CONNECT)
    assert connect.body[:8] == b"\0\4MQTT\5\xc0"
    assert connect.body[10:19] == b"\x08\x11" + struct.pack(">I", 86_400) + b"\x21\0\x4d"
    assert connect.body[19:] == b"\0\x0bnhip-ingest\0\4me@x\0\3p/w"


@pytest.mark.parametrize(
    ("shard", "name", "filters", "obsolete"),
    [
        (
            "1/1",
            "nhip-ingest",
            "nhip/v1/+/data spBv1.0/+/+/+ spBv1.0/+/+/+/+ nhip/v1/+/status",
            "$share/nhip/",
        ),
        ("1/2", "nhip-ingest", "$share/nhip/nhip/v1/+/data nhip/v1/+/status", "nhip/v1/+/data"),
        ("2/2", "nhip-ingest-2", "$share/nhip/nhip/v1/+/data", "nhip/v1/+/data"),
    ],
)
def test_a_shard_subscribes_before_it_unsubscribes(script, shard, name, filters, obsolete):
    """No gap in between; client id and account follow the shard."""
    url = SecretStr(script.url.replace("//", "//nhip-ingest:x@"))
    with running_with(IngestSettings(mqtt_url=url, shard=shard)):
        connection = script.connection()
        connection.accept()
    connect, subscribe, unsubscribe = connection.seen[:3]
    assert [connect.kind, subscribe.kind, unsubscribe.kind] == [CONNECT, SUBSCRIBE, UNSUBSCRIBE]
    # Client id and user name.
    assert connect.body.count(struct.pack(">H", len(name)) + name.encode()) == 2
    for wanted in filters.split():
        assert struct.pack(">H", len(wanted)) + wanted.encode() in subscribe.body
    assert (b"status" in subscribe.body) == (shard != "2/2")
    assert obsolete.encode() in unsubscribe.body


def test_the_old_version_has_no_properties(script):
    """MQTT 3.1.1 when the URL asks for it: connect, subscribe, receive, acknowledge."""
    with running(script, "?version=3.1.1") as run:
        connection = script.connection()
        assert connection.next(CONNECT).body == b"\0\4MQTT\4\0" + struct.pack(">H", 30) + b"\0\x0bnhip-ingest"
        connection.send(packet(0x20, b"\0\0"))
        assert connection.next(SUBSCRIBE).body[2:].startswith(b"\0\x0enhip/v1/+/data\1")
        connection.send(packet(0x32, b"\0\x0enhip/v1/g/data\0\5{}"))
        taken = run.take(1)
        assert taken[0][1:5] == (5, False, "nhip/v1/g/data", b"{}")
        run.commit(taken)
        assert connection.next(PUBACK).body == b"\0\5"


def test_few_acknowledgements_are_due_at_once_and_many_are_held():
    """The rate decides, not the age of the process."""
    waiting = Acknowledgements(3_600.0)
    waiting.add({"g": [1, 2]})
    assert waiting.due_s == 0.0
    assert [json.loads(payload) for _, payload in waiting.take(10)] == [{"ids": [1, 2]}]
    waiting.add({f"g{number}": [1] for number in range(300)})
    assert waiting.due_s > 0.0


def test_an_acknowledgement_reaches_its_gateway(script):
    with running(script) as run:
        connection = script.accepted()
        run.session.complete(Completion({}, {"g": [1, 2]}))
        topic, _, payload = connection.next(PUBLISH).publish
        assert (topic, json.loads(payload)) == ("nhip/v1/g/ack", {"ids": [1, 2]})


def test_many_acknowledgements_are_merged(script):
    """Under load ten completions of each of 300 gateways become far fewer publishes; no id is lost."""
    with running(script, ack_age_s_max=1.0) as run:
        connection = script.accepted()
        for batch in range(10):
            run.session.complete(Completion({}, {f"g{number}": [batch] for number in range(300)}))
        heard: dict[str, list[int]] = {}
        while sum(map(len, heard.values())) < 3_000:
            topic, number, payload = connection.next(PUBLISH).publish
            heard.setdefault(topic, []).extend(json.loads(payload)["ids"])
            connection.send(packet(0x40, struct.pack(">H", number)))
        assert set(heard) == {f"nhip/v1/g{number}/ack" for number in range(300)}
        assert all(ids == list(range(10)) for ids in heard.values())
        assert len(connection.of(PUBLISH)) <= 900


def test_an_acknowledgement_has_a_thousand_ids_at_most(script):
    with running(script) as run:
        connection = script.accepted()
        run.session.complete(Completion({}, {"g": list(range(2_500))}))
        sizes, ids = [], []
        while len(ids) < 2_500:
            found = json.loads(connection.next(PUBLISH).publish[2])["ids"]
            sizes.append(len(found))
            ids += found
        assert sizes == [1_000, 1_000, 500]
        assert ids == list(range(2_500))


def test_stopping_sends_what_is_left_and_says_goodbye(script):
    """Also with messages in the socket that nobody will read: they must not tear the connection down."""
    with running(script, inflight_max=3) as run:
        connection = script.accepted()
        connection.send(*(message(number) for number in (1, 2, 3)))
        taken = run.take(3)
        run.session.end_reading()
        sentinel(run, connection)
        connection.send(*(message(number, bytes(1_000)) for number in range(4, 300)))
        run.commit(taken, batches={"g": [7]})
    seen = connection.ended()
    assert [one.number for one in seen if one.kind == PUBACK] == [1, 2, 3]
    assert "nhip/v1/g/ack" in [one.publish[0] for one in seen if one.kind == PUBLISH]
    assert seen[-1].kind == DISCONNECT


def test_stopping_does_not_wait_for_a_broker_that_does_not_answer(script, monkeypatch):
    """A stop while CONNECT is unanswered ends `run`, however patient we are with the broker."""
    monkeypatch.setattr("ingest.session._CONNECT_S_MAX", 3_600.0)
    with running(script):
        script.connection().next(CONNECT)


def test_forbidden_means_gone_and_allowed_means_back(script):
    """Another ingester may take over in between."""
    with running(script) as run:
        first = script.accepted()
        run.session.forbid()
        assert first.ended()[-1].kind == DISCONNECT
        assert not run.session.is_connected
        run.session.allow()
        script.accepted()
        eventually(lambda: run.session.is_connected)


# --- The real broker. ---


def publish(broker, count: int) -> None:
    """Three messages of a gateway, and sure that the broker has them."""
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="gw-session", protocol=mqtt.MQTTv5)
    client.connect(broker.host, broker.port)
    client.loop_start()
    for number in range(count):
        client.publish("nhip/v1/gw-session/data", b"%d" % number, qos=1).wait_for_publish(WAIT_S)
    client.disconnect()
    client.loop_stop()


def test_a_real_broker_keeps_what_a_stale_acknowledgement_names(broker):
    """It redelivers until the acknowledgement comes on the connection that carried the message."""
    forget_session(broker)
    settings = settings_for_broker(broker)
    payloads = [b"0", b"1", b"2"]
    with running_with(settings) as run:
        eventually(lambda: run.session.quiet_s > 0)
        publish(broker, 3)
        stale = run.take(3)
        run.session.forbid()
        eventually(lambda: not run.session.is_connected)
        run.session.allow()
        again = run.take(3)
        assert [one.payload for one in again] == payloads
        assert {one.epoch for one in again} != {one.epoch for one in stale}
        run.commit(stale)
    with running_with(settings) as run:
        kept = run.take(3)
        assert [one.payload for one in kept] == payloads
        assert all(one.duplicate for one in kept)
        run.commit(kept)
    with running_with(settings) as run:
        eventually(lambda: run.session.quiet_s > 0)
        publish(broker, 1)
        # Had the broker kept the three, they would come before the new one.
        assert [(one.payload, one.duplicate) for one in run.take(1)] == [(b"0", False)]
    forget_session(broker)
