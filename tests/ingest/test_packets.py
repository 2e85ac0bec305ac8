"""The MQTT codec: round trips, arbitrary borders, arbitrary bytes, and two peers' codecs as oracles."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from itertools import pairwise

import paho.mqtt.client as mqtt
import pytest
from amqtt.mqtt.connect import ConnectPacket
from amqtt.mqtt.publish import PublishPacket
from amqtt.mqtt.subscribe import SubscribePacket
from amqtt.mqtt.unsubscribe import UnsubscribePacket
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest import packets
from ingest.packets import Connect, Control, Decoder, ProtocolError

PAYLOAD_MAX = 1_000
WAIT_S = 20.0
# What is held of a packet that is not complete: its kept part, and the chunk that came last.
HELD_MAX = PAYLOAD_MAX + 70_000 + 16


def held(reader: Decoder) -> int:
    """Bytes that the decoder keeps between two chunks."""
    return len(reader._rest) + (0 if reader._large is None else len(reader._large._kept))


def length(value: int) -> bytes:
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + length(len(body)) + body


def message(topic, payload, *, packet_id=1, first=0x32, properties=b"", version5=True) -> bytes:
    """A PUBLISH, written here a second time."""
    number = struct.pack(">H", packet_id) if first & 6 else b""
    listed = length(len(properties)) + properties if version5 else b""
    return packet(first, text(topic) + number + listed + payload)


def user_properties(size: int) -> bytes:
    one = b"\x26" + text("k") + text("v" * 60_000)
    return one * (size // len(one) + 1)


def decoder(*, version5=True, payload_bytes_max=PAYLOAD_MAX) -> Decoder:
    return Decoder(7, version5=version5, payload_bytes_max=payload_bytes_max)


def feed_all(reader: Decoder, chunks) -> tuple[list, list]:
    messages, controls = [], []
    for chunk in chunks:
        more_messages, more_controls = reader.feed(chunk, 5)
        messages += more_messages
        controls += more_controls
    return messages, controls


def cut(data: bytes, borders) -> list[bytes]:
    places = [0, *sorted({border % (len(data) + 1) for border in borders}), len(data)]
    return [data[start:stop] for start, stop in pairwise(places)]


TOPICS = st.text(st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1, max_size=40)
IDS = st.integers(1, 65_535)
PUBLISHES = st.builds(
    message,
    TOPICS,
    st.binary(max_size=300) | st.integers(PAYLOAD_MAX - 2, PAYLOAD_MAX + 3).map(bytes),
    packet_id=IDS,
    first=st.sampled_from([0x30, 0x31, 0x32, 0x33, 0x3A]),
    properties=st.sampled_from([b"", b"\x02\0\0\0\x09", b"\x26" + text("a") + text("b" * 200)]),
)
CONTROLS = st.one_of(
    IDS.map(lambda number: packet(0x40, struct.pack(">H", number))),
    IDS.map(lambda number: packet(0x40, struct.pack(">HBB", number, 0x87, 0))),
    IDS.map(lambda number: packet(0x90, struct.pack(">HB", number, 0) + b"\1\x87")),
    IDS.map(lambda number: packet(0xB0, struct.pack(">HB", number, 0) + b"\0")),
    st.just(b"\xd0\0"),
    st.just(b"\xe0\0"),
    st.just(packet(0xE0, b"\x8e\0")),
)
STREAMS = st.lists(PUBLISHES | CONTROLS, max_size=12).map(b"".join)
BORDERS = st.lists(st.integers(0, 10_000), max_size=12)


@given(
    topic=TOPICS,
    payload=st.binary(max_size=PAYLOAD_MAX),
    packet_id=IDS,
    first=st.sampled_from([0x30, 0x32, 0x3A, 0x3B]),
    version5=st.booleans(),
)
def test_a_message_is_read_as_it_was_written(topic, payload, packet_id, first, version5):
    """Topic, payload, id, the duplicate flag, epoch and reception arrive unchanged, in both versions."""
    written = message(topic, payload, packet_id=packet_id, first=first, version5=version5)
    [found], controls = decoder(version5=version5).feed(written, 5)
    expected_id = packet_id if first & 6 else 0
    assert found == (7, expected_id, bool(first & 8), topic, payload, 5, False)
    assert controls == []


@given(topic=TOPICS, payload=st.binary(max_size=PAYLOAD_MAX), packet_id=IDS, version5=st.booleans())
def test_our_own_messages_come_back(topic, payload, packet_id, version5):
    """What we publish, our decoder reads."""
    written = packets.publish(packet_id, topic, payload, version5=version5)
    [found], _ = decoder(version5=version5).feed(written, 5)
    assert found[1:5] == (packet_id, False, topic, payload)


@given(stream=STREAMS, borders=BORDERS)
def test_borders_of_chunks_do_not_matter(stream, borders):
    """The same packets, however the stream is cut, also one byte at a time."""
    whole = feed_all(decoder(), [stream])
    assert feed_all(decoder(), cut(stream, borders)) == whole
    assert feed_all(decoder(), [stream[at : at + 1] for at in range(len(stream))]) == whole


def outcome(chunks, *, version5) -> tuple[list, list] | None:
    """What was read; None when it was not MQTT."""
    reader = decoder(version5=version5)
    try:
        found = feed_all(reader, chunks)
    except ProtocolError:
        return None
    assert held(reader) <= HELD_MAX + max(map(len, chunks), default=0)
    return found


@settings(max_examples=500)
@given(data=st.binary(max_size=200), borders=BORDERS, version5=st.booleans())
def test_arbitrary_bytes_do_no_harm(data, borders, version5):
    """Nothing but ProtocolError leaves, and the borders decide neither that nor what was read."""
    assert outcome([data], version5=version5) == outcome(cut(data, borders), version5=version5)


@settings(max_examples=500)
@given(
    stream=STREAMS,
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
    borders=BORDERS,
)
def test_a_damaged_stream_does_no_harm(stream, changes, borders):
    """As above for bytes that are nearly MQTT, which reach deeper."""
    damaged = bytearray(stream)
    for place, value in changes:
        if damaged:
            damaged[place % len(damaged)] = value
    data = bytes(damaged)
    assert outcome([data], version5=True) == outcome(cut(data, borders), version5=True)


MALFORMED = {
    "length of five bytes": b"\x30\xff\xff\xff\xff\x01",
    "no topic": packet(0x30, b"\0"),
    "empty topic": message("", b"x"),
    "topic with NUL": message("a\0b", b"x"),
    "topic not UTF-8": message(b"\xff\xfe", b"x"),
    "topic with a surrogate": message(b"\xed\xa0\x80", b"x"),
    "topic longer than its packet": packet(0x30, b"\0\x09ab"),
    "QoS 3": message("t", b"x", first=0x36),
    "QoS 2, which we never ask for": message("t", b"x", first=0x34),
    "packet id 0": message("t", b"x", packet_id=0),
    "no packet id": packet(0x32, text("t")),
    "no properties": packet(0x30, text("t")),
    "properties longer than the packet": packet(0x30, text("t") + b"\x20ab"),
    "property length that does not end": packet(0x30, text("t") + b"\x80"),
    "property length of five bytes": packet(0x30, text("t") + b"\xff\xff\xff\xff\x01"),
    "reserved type": b"\x00\x00",
    "AUTH, unasked": b"\xf0\x00",
    "PUBREL": packet(0x62, b"\0\1"),
    "CONNECT": packet(0x10, b""),
    "CONNACK cut short": packet(0x20, b"\0"),
    "CONNACK with an unknown property": packet(0x20, b"\0\0\x02\x7f\0"),
    "PUBACK cut short": packet(0x40, b"\0"),
    "SUBACK cut short": packet(0x90, b"\0\1"),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_mqtt_forbids_is_refused(data):
    """A typed error that knows what to say in DISCONNECT; what stands behind it is never read."""
    with pytest.raises(ProtocolError) as caught:
        decoder().feed(data + message("t", b"x"), 5)
    assert caught.value.reason in {packets.MALFORMED_PACKET, packets.PROTOCOL_ERROR}


CHUNKS = [1_000, 65_536, 1 << 20]


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("size", [PAYLOAD_MAX, PAYLOAD_MAX + 1, PAYLOAD_MAX + 71_000, 2_000_000])
def test_a_large_payload_is_cut_and_its_neighbours_are_not(chunk, size):
    """One byte more than allowed is kept, so that it is seen to be too large; memory stays bounded."""
    payload = bytes(range(256)) * (size // 256 + 1)
    stream = message("before", b"1") + message("big", payload[:size], packet_id=2) + message("after", b"3")
    reader = decoder()
    found = []
    for at in range(0, len(stream), chunk):
        found += reader.feed(stream[at : at + chunk], 5)[0]
        assert held(reader) <= HELD_MAX + chunk
    assert [one.topic for one in found] == ["before", "big", "after"]
    assert found[1].payload == payload[: min(size, PAYLOAD_MAX + 1)]
    assert [one.packet_id for one in found] == [1, 2, 1]


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("size", [60_000, 70_000, 400_000])
@pytest.mark.parametrize("payload", [b"", b"small", bytes(PAYLOAD_MAX + 5), bytes(200_000)], ids=len)
def test_large_properties_hide_no_payload(chunk, size, payload):
    """Properties of any size are passed over: a gateway that sends them must not stop all others."""
    big = message("big", payload, packet_id=2, properties=user_properties(size))
    stream = big + message("after", b"3")
    reader = decoder()
    found = []
    for at in range(0, len(stream), chunk):
        found += reader.feed(stream[at : at + chunk], 5)[0]
        assert held(reader) <= HELD_MAX + chunk
    assert [one.topic for one in found] == ["big", "after"]
    assert found[0].payload == payload[: PAYLOAD_MAX + 1]


@settings(max_examples=50)
@given(
    borders=st.lists(st.integers(0, 40), max_size=8),
    version5=st.booleans(),
    first=st.sampled_from([0x30, 0x32]),
)
def test_the_head_of_a_large_packet_may_be_cut_anywhere(borders, version5, first):
    """Also within its topic, its id and the length of its properties."""
    payload = bytes(range(250)) * 300
    extra = user_properties(1) if version5 else b""
    big = message("ab", payload, packet_id=2, first=first, properties=extra, version5=version5)
    stream = big + message("after", b"3", version5=version5)
    found, _ = feed_all(decoder(version5=version5), cut(stream, borders))
    assert [(one.topic, one.payload) for one in found] == [
        ("ab", payload[: PAYLOAD_MAX + 1]),
        ("after", b"3"),
    ]


def test_control_packets_say_what_the_broker_wants():
    """Limits, refusals and the reasons for each filter."""
    asked = b"\x21\0\x14\x13\0\x3c\x12" + text("given") + b"\x26" + text("k") + text("v") + b"\x27\0\1\0\0"
    stream = packet(0x20, b"\1\0" + length(len(asked)) + asked)
    stream += packet(0x90, b"\0\7\0\1\x9e") + packet(0xE0, b"\x8e\0") + packet(0x40, b"\0\5")
    _, [connack, suback, goodbye, puback] = decoder().feed(stream, 5)
    assert connack.session_present
    assert connack.failure is None
    assert connack.properties[packets.RECEIVE_MAXIMUM] == 20
    assert connack.properties[packets.SERVER_KEEP_ALIVE] == 60
    assert (suback.packet_id, suback.reasons) == (7, (1, 0x9E))
    assert goodbye.failure == "Session taken over"
    assert puback == Control(packets.PUBACK, 5, (0,))


@pytest.mark.parametrize(("code", "version5"), [(5, False), (0x87, True)])
def test_a_refusal_has_the_same_name_in_both_versions(code, version5):
    body = bytes((0, code)) + (b"\0" if version5 else b"")
    _, [connack] = decoder(version5=version5).feed(packet(0x20, body), 5)
    assert connack.failure == "Not authorized"


@given(ids=st.lists(IDS, min_size=1, max_size=50))
def test_acknowledgements_keep_their_order(ids):
    """Four bytes each (section 3.4), in the order given."""
    _, controls = decoder().feed(packets.pubacks(ids), 5)
    assert [control.packet_id for control in controls] == ids


# --- A peer as oracle for 3.1.1: amqtt's packet classes. ---


def read_by_amqtt(kind, data: bytes):
    async def read():
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        return await kind.from_stream(reader)

    return asyncio.run(read())


@settings(max_examples=50)
@given(topic=TOPICS, payload=st.binary(max_size=300), packet_id=IDS, dup=st.booleans(), retain=st.booleans())
def test_amqtt_writes_and_we_read(topic, payload, packet_id, dup, retain):
    written = PublishPacket.build(topic, payload, packet_id, dup, 1, retain).to_bytes()
    [found], _ = decoder(version5=False).feed(bytes(written), 5)
    assert found[1:5] == (packet_id, dup, topic, payload)


@settings(max_examples=50)
@given(topic=TOPICS, payload=st.binary(max_size=300), packet_id=IDS)
def test_we_write_and_amqtt_reads(topic, payload, packet_id):
    found = read_by_amqtt(PublishPacket, packets.publish(packet_id, topic, payload, version5=False))
    assert (found.topic_name, bytes(found.data), found.packet_id, found.qos) == (topic, payload, packet_id, 1)


def test_amqtt_understands_how_we_connect_and_subscribe():
    connect = Connect("me", 30, "user", "secret", 999, 99, version5=False)
    found = read_by_amqtt(ConnectPacket, connect.encoded())
    assert (found.client_id, found.keep_alive, found.username, found.password) == ("me", 30, "user", "secret")
    assert (found.proto_level, found.clean_session_flag) == (4, False)
    written = packets.subscribe(9, [("a/+", 1), ("b/#", 1 | 2 << 4)], version5=False)
    found = read_by_amqtt(SubscribePacket, written)
    assert found.payload.topics == [("a/+", 1), ("b/#", 1)]
    assert found.variable_header.packet_id == 9
    found = read_by_amqtt(UnsubscribePacket, packets.unsubscribe(10, ["a/+", "b/#"], version5=False))
    assert list(found.payload.topics) == ["a/+", "b/#"]


# --- A peer as oracle for 5: paho's client, at the other end of a socket. ---


class Recorder:
    """The other end of a paho client: accepts it, and keeps the bytes that it sends."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.first = b""
        self.received = b""
        self.arrived = threading.Condition()
        self.peer = None
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        self.peer, _ = self.listener.accept()
        self.first = self.peer.recv(65_536)
        self.peer.sendall(packet(0x20, b"\0\0\0"))
        with suppress(OSError):
            while data := self.peer.recv(65_536):
                with self.arrived:
                    self.received += data
                    self.arrived.notify_all()

    def close(self) -> None:
        self.listener.close()
        if self.peer is not None:
            with suppress(OSError):
                self.peer.shutdown(socket.SHUT_RDWR)
        self.thread.join(WAIT_S)
        if self.peer is not None:
            self.peer.close()


@contextmanager
def paho_client(on_message=None, **options):
    recorder = Recorder()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="me", protocol=mqtt.MQTTv5)
    client.username_pw_set("user", "sécret")
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.on_message = on_message
    client.connect("127.0.0.1", recorder.port, 30, clean_start=False, **options)
    client.loop_start()
    try:
        assert connected.wait(WAIT_S)
        yield client, recorder
    finally:
        client.disconnect()
        client.loop_stop()
        recorder.close()


def test_paho_writes_and_we_read():
    """Messages with and without properties, of all sizes of the length field."""
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = 60
    properties.UserProperty = [("k", "v" * 200), ("ключ", "giá trị")]
    properties.ContentType = "application/json"
    sizes = [0, 1, 100, 127, 128, 129, 16_383, 16_384, 20_000]
    with paho_client() as (client, recorder):
        for number, size in enumerate(sizes, 1):
            client.publish(f"nhip/v1/g{number}/data", bytes(size), qos=1, properties=properties)
            client.publish("q0", bytes(size), qos=0)
        reader = decoder(payload_bytes_max=30_000)
        found, taken = [], 0
        with recorder.arrived:
            while len(found) < 2 * len(sizes):
                if taken == len(recorder.received):
                    assert recorder.arrived.wait(WAIT_S)
                fresh, taken = recorder.received[taken:], len(recorder.received)
                found += reader.feed(fresh, 5)[0]
    assert [one.payload for one in found] == [bytes(size) for size in sizes for _ in range(2)]
    assert [one.topic for one in found[::2]] == [f"nhip/v1/g{number}/data" for number in range(1, 10)]
    assert all(one.packet_id for one in found[::2])
    assert not any(one.packet_id for one in found[1::2])


def test_we_write_and_paho_reads():
    """Our publishes reach paho's callback unchanged."""
    got, enough = [], threading.Event()

    def on_message(_client, _data, one) -> None:
        got.append((one.topic, one.payload, one.qos))
        if len(got) == 3:
            enough.set()

    sent = [("nhip/v1/a/ack", b'{"ids":[1]}'), ("b", bytes(20_000)), ("đường/phố", b"")]
    with paho_client(on_message) as (_, recorder):
        for number, (topic, payload) in enumerate(sent, 1):
            recorder.peer.sendall(packets.publish(number, topic, payload, version5=True))
        assert enough.wait(WAIT_S)
    assert got == [(topic, payload, 1) for topic, payload in sent]


def test_we_connect_as_paho_does():
    """The same wishes give the same bytes."""
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 86_400
    properties.ReceiveMaximum = 4_000
    with paho_client(properties=properties) as (_, recorder):
        assert Connect("me", 30, "user", "sécret", 86_400, 4_000, version5=True).encoded() == recorder.first


def test_paho_understands_our_session_expiry():
    """The properties of DISCONNECT that end a session."""
    written = packets.disconnect(0, 0, version5=True)
    assert written[:3] == b"\xe0\x07\0"
    found, size = Properties(PacketTypes.DISCONNECT).unpack(written[3:])
    assert (found.SessionExpiryInterval, size) == (0, 6)
