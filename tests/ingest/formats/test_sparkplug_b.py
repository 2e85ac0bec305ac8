"""Sparkplug B beside its samples: what births teach, what waits for them, and what hostile bytes may cost."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.quarantine import Reason
from domain.topics import SparkplugKind
from ingest.births import Births
from ingest.formats import GUESSED_FORMATS, MalformedMessageError
from ingest.formats.rows import FAULTS_MAX
from ingest.formats.sparkplug_b import METRICS_MAX, decode, rebirth_request, rebirth_topic
from ingest.formats.sparkplug_types import Alias
from ingest.formats.wire import encoded_bytes, encoded_number

CORPUS = Path(__file__).parent / "corpus" / "sparkplug_b"
SAMPLES = sorted(path.read_bytes() for path in CORPUS.glob("*/*.bin"))
OURS = "nhip/v1/gw-1/data"
NODE_BIRTH, NODE_DATA, NODE_DEATH = (f"spBv1.0/plant/{kind}/gw-1" for kind in ("NBIRTH", "NDATA", "NDEATH"))
DEVICE_BIRTH, DEVICE_DATA, DEVICE_DEATH = (
    f"spBv1.0/plant/{kind}/gw-1/dev-1" for kind in ("DBIRTH", "DDATA", "DDEATH")
)
TOPICS = (OURS, NODE_BIRTH, NODE_DATA, NODE_DEATH, DEVICE_BIRTH, DEVICE_DATA, DEVICE_DEATH)
T0_MS = 1_764_000_000_000
PAYLOAD_MAX = 262_144
TYPES = {"int8": 1, "int16": 2, "int32": 3, "int64": 4, "uint8": 5, "uint32": 7, "float": 9, "double": 10}


def sample(name: str) -> bytes:
    return (CORPUS / "valid" / f"{name}.bin").read_bytes()


def payload(*metrics: bytes, ms: int | None = T0_MS) -> bytes:
    head = b"" if ms is None else encoded_number(1, ms)
    return head + b"".join(encoded_bytes(2, metric) for metric in metrics)


def named(name: str, alias: int | None = None, datatype: int = 0) -> bytes:
    metric = encoded_bytes(1, name.encode())
    metric += b"" if alias is None else encoded_number(2, alias)
    return metric + (encoded_number(4, datatype) if datatype else b"")


def double(value: float) -> bytes:
    return b"\x69" + struct.pack("<d", value)


def taught(*samples: tuple[str, bytes]) -> Births:
    book = Births()
    for topic, message in samples:
        book.take_in(decode(topic, message, book).sparkplug, 0)
    return book


def known_book() -> Births:
    return taught((NODE_BIRTH, sample("node_birth")), (DEVICE_BIRTH, sample("device_birth")))


def values_of(batch):
    return list(zip(batch.sensors(), batch.value.tolist(), strict=True))


def test_a_birth_teaches_names_types_and_units():
    about = decode(NODE_BIRTH, sample("node_birth")).sparkplug
    assert (about.gateway, about.group, about.device, about.kind) == (
        "gw-1",
        "plant",
        "",
        SparkplugKind.NBIRTH,
    )
    assert (about.seq, about.bd_seq, about.online, about.awaits_birth) == (0, 7, True, False)
    assert (about.birth.whole, about.birth.bd_seq) == (True, 7)
    assert about.birth.metrics == (
        Alias("Station/Battery", 1, 10, "V"),
        Alias("Station/Door", 2, 11, None),
        Alias("Station/Serial", 3, 12, None),
        Alias("Station/Count", 4, 7, None),
    )


def test_a_device_is_told_from_its_node():
    about = decode(DEVICE_BIRTH, sample("device_birth")).sparkplug
    assert (about.gateway, about.device, about.bd_seq, about.online) == ("gw-1", "dev-1", None, None)
    assert about.birth.metrics[0] == Alias("temp", 10, 9, "Cel")
    # Aliases of the node alone do not name those of its device.
    batch = decode(DEVICE_DATA, sample("device_data_by_alias"), taught((NODE_BIRTH, sample("node_birth"))))
    assert {fault.reason for fault in batch.faults} == {Reason.AWAITING_BIRTH}
    assert batch.sparkplug.awaits_birth


def test_a_death_holds_no_readings():
    node = decode(NODE_DEATH, sample("node_death"))
    assert (len(node), node.faults, node.sparkplug.online, node.sparkplug.bd_seq) == (0, (), False, 7)
    device = decode(
        DEVICE_DEATH, payload(named("temp", 10, 10) + double(1), encoded_number(2, 9) + double(1))
    )
    assert (len(device), device.faults, device.sparkplug.online) == (0, (), None)


def test_an_earlier_birth_says_nothing_in_a_later_one():
    later = decode(NODE_BIRTH, payload(encoded_number(2, 1) + double(1)), known_book())
    assert len(later) == 0
    assert [fault.reason for fault in later.faults] == [Reason.MALFORMED]
    again = decode(NODE_BIRTH, payload(named("Station/Battery", 1, 10) + double(1)), known_book())
    assert again.units == (None,)
    assert again.sparkplug.birth.metrics == (Alias("Station/Battery", 1, 10, None),)


def test_what_awaits_a_birth_is_read_after_it():
    before = decode(NODE_DATA, sample("alias_before_its_birth"))
    assert [fault.reason for fault in before.faults] == [Reason.AWAITING_BIRTH] * 2
    assert before.sparkplug.awaits_birth
    for fault in before.faults:
        assert decode(NODE_DATA, fault.raw).faults == (fault,)
    after = decode(NODE_DATA, before.faults[0].raw, known_book())
    assert (values_of(after), after.units, after.faults) == ([("Station/Battery", 12.5)], ("V",), ())
    assert after.ts_us.tolist() == [(T0_MS + 1000) * 1000]


def test_an_integer_without_a_datatype_awaits_its_birth_by_name():
    before = decode(NODE_DATA, sample("integer_without_datatype"))
    assert [(fault.sensor, fault.reason) for fault in before.faults] == [("level", Reason.AWAITING_BIRTH)]
    book = taught((NODE_BIRTH, payload(named("level", None, TYPES["int16"]) + encoded_number(10, 0))))
    assert values_of(decode(NODE_DATA, before.faults[0].raw, book)) == [("level", -2.0)]


def test_very_many_that_await_a_birth_are_kept_as_one():
    count = FAULTS_MAX + 1
    batch = decode(NODE_DATA, payload(*(encoded_number(2, alias) + double(alias) for alias in range(count))))
    (fault,) = batch.faults
    assert (fault.reason, fault.sensor) == (Reason.AWAITING_BIRTH, None)
    assert decode(NODE_DATA, fault.raw).faults == (fault,)
    birth = payload(*(named(f"m{alias}", alias, TYPES["double"]) + double(0) for alias in range(count)))
    after = decode(NODE_DATA, fault.raw, taught((NODE_BIRTH, birth)))
    assert values_of(after) == [(f"m{alias}", float(alias)) for alias in range(count)]


def test_names_with_aliases_teach_on_our_own_topic():
    about = decode(OURS, sample("names_and_aliases_on_our_topic")).sparkplug
    assert (about.gateway, about.group, about.kind, about.online) == ("gw-1", None, None, None)
    assert not about.birth.whole
    assert about.birth.metrics == (Alias("pump/flow", 1, 10, None), Alias("pump/step", 2, 2, None))
    assert decode(OURS, payload(named("x", None, 10) + double(1))).sparkplug.birth is None


def test_names_with_aliases_in_data_teach_nothing():
    """Only a birth may: data on a Sparkplug topic that renames an alias would be another node's mistake."""
    assert decode(NODE_DATA, payload(named("x", 1, 10) + double(1))).sparkplug.birth is None


def test_a_fault_behind_an_alias_keeps_its_type():
    message = payload(encoded_number(2, 4) + encoded_number(11, 2**32))
    (fault,) = decode(NODE_DATA, message, known_book()).faults
    assert (fault.sensor, fault.reason) == ("Station/Count", Reason.MALFORMED)
    assert decode(NODE_DATA, fault.raw).faults == (fault,)


def test_broken_properties_behind_an_alias_keep_its_name():
    quality = encoded_bytes(9, encoded_bytes(1, b"Quality") + encoded_bytes(2, b"\x18"))
    (fault,) = decode(NODE_DATA, payload(encoded_number(2, 1) + double(1) + quality), known_book()).faults
    assert (fault.sensor, fault.reason) == ("Station/Battery", Reason.MALFORMED)
    assert decode(NODE_DATA, fault.raw).faults == (fault,)


def test_of_a_32_bit_field_the_low_half_counts():
    metric = named("u", None, TYPES["uint32"]) + encoded_number(10, 2**64 - 2)
    assert values_of(decode(NODE_DATA, payload(metric))) == [("u", 2.0**32 - 2)]


def test_a_fault_behind_an_alias_keeps_its_name():
    message = payload(encoded_number(2, 1) + double(math.nan))
    (fault,) = decode(NODE_DATA, message, known_book()).faults
    assert (fault.sensor, fault.reason) == ("Station/Battery", Reason.NOT_FINITE)
    assert decode(NODE_DATA, fault.raw).faults == (fault,)


@pytest.mark.parametrize("width", [8, 16, 32, 64])
def test_signed_integers_are_read_however_far_their_sign_is_extended(width):
    datatype = TYPES[f"int{width}"]
    for value in (-(1 << (width - 1)), -1, 0, 1, (1 << (width - 1)) - 1):
        for field, bits in ((10, width), (10, 32), (10, 64), (11, width), (11, 64)):
            if bits >= width and not (field == 10 and width == 64):
                metric = named("i", None, datatype) + encoded_number(field, value % (1 << bits))
                assert values_of(decode(NODE_DATA, payload(metric))) == [("i", float(value))]


@pytest.mark.parametrize(
    ("datatype", "value"),
    [(1, 256), (1, 300), (1, 2**31), (1, 2**32 - 129), (2, 2**16), (5, 256), (7, 2**32)],
)
def test_an_integer_beyond_its_type_is_set_aside(datatype, value):
    batch = decode(NODE_DATA, payload(named("i", None, datatype) + encoded_number(11, value)))
    assert (len(batch), [fault.sensor for fault in batch.faults]) == (0, ["i"])


def test_of_a_repeated_field_the_last_counts():
    metric = named("a", None, 10) + double(1) + encoded_bytes(1, b"b") + double(2)
    assert values_of(decode(NODE_DATA, payload(metric))) == [("b", 2.0)]


def test_no_time_at_all_is_a_fault():
    batch = decode(NODE_DATA, payload(named("a", None, 10) + double(1), ms=None))
    assert [fault.detail for fault in batch.faults] == [
        "timestamp: found 'nothing', expected one of the metric or the payload"
    ]


def test_broken_properties_leave_no_reading_behind():
    quality = encoded_bytes(9, encoded_bytes(1, b"Quality") + encoded_bytes(2, b"\x18"))
    batch = decode(
        NODE_DATA, payload(named("bad", None, 10) + double(1) + quality, named("ok", None, 10) + double(2))
    )
    assert values_of(batch) == [("ok", 2.0)]
    assert len(batch.flag) == 1
    assert [fault.sensor for fault in batch.faults] == ["bad"]


def test_controls_are_no_readings():
    metrics = [
        named(name, None, 11) + encoded_number(14, 1) for name in ("Node Control/Reboot", "Device Control/X")
    ]
    batch = decode(NODE_BIRTH, payload(*metrics, named("bdSeq", None, 8) + encoded_number(11, 3)))
    assert (len(batch), batch.faults, batch.sparkplug.birth.metrics) == (0, (), ())
    assert batch.sparkplug.bd_seq == 3


def test_numbers_that_no_table_can_hold_are_not_handed_on():
    message = payload(
        named("bdSeq", None, 8) + encoded_number(11, 2**64 - 1),
        named("a", 1, 2**64 - 1) + double(1),
        named("b\0", 2, 10) + double(1),
    )
    about = decode(NODE_BIRTH, message + encoded_number(3, 256)).sparkplug
    assert (about.bd_seq, about.seq) == (None, None)
    assert about.birth.metrics == (Alias("a", 1, 2**31 - 1, None),)


def test_the_request_for_a_birth_is_a_node_control():
    about = decode(NODE_DATA, sample("alias_before_its_birth")).sparkplug
    assert rebirth_topic(about) == "spBv1.0/plant/NCMD/gw-1"
    assert (
        rebirth_topic(decode(OURS, sample("names_and_aliases_on_our_topic")).sparkplug) == "nhip/v1/gw-1/cmd"
    )
    # Bytes as another implementation writes them.
    assert rebirth_request(T0_MS) == (CORPUS / "rebirth_request.bin").read_bytes()


def test_it_is_guessed_after_formats_that_say_more_of_themselves():
    assert GUESSED_FORMATS[-1] == "sparkplug_b"


SHORT = encoded_bytes(2, b"")
NESTED = encoded_bytes(9, encoded_bytes(1, b"engUnit") + encoded_number(3, 1) * 60)
LARGE = {
    "131,072 fields": encoded_number(1, 1) * (PAYLOAD_MAX // 2),
    "131,072 empty metrics": SHORT * (PAYLOAD_MAX // len(SHORT)),
    "one metric too many": payload(*[named("a", None, 10) + double(1)] * (METRICS_MAX + 1)),
    "nested fields": payload(*[named("a", None, 10) + NESTED + encoded_number(5, 0) * 40] * 1_000),
    "a length beyond the payload": b"\x12" + b"\xff" * 4 + b"\x0f" + b"\x00" * (PAYLOAD_MAX - 6),
    "groups": b"\x0b" * PAYLOAD_MAX,
    "a number without an end": b"\x80" * PAYLOAD_MAX,
    "nothing readable": payload(*[named("a", None, 99)] * (FAULTS_MAX + 1)),
}


@pytest.mark.parametrize("message", LARGE.values(), ids=LARGE.keys())
@pytest.mark.parametrize("topic", [OURS, NODE_BIRTH, NODE_DATA])
def test_a_large_hostile_message_is_refused_as_a_whole(topic, message):
    with pytest.raises(MalformedMessageError, match="expected"):
        decode(topic, message)


def test_a_message_holds_so_many_metrics():
    metrics = [
        named(f"m{place}", place, 10) + encoded_number(3, T0_MS) + double(place)
        for place in range(METRICS_MAX)
    ]
    batch = decode(NODE_BIRTH, payload(*metrics))
    assert (len(batch), batch.faults, len(batch.sparkplug.birth.metrics)) == (METRICS_MAX, (), METRICS_MAX)


def test_three_hundred_thousand_metrics_are_refused():
    with pytest.raises(MalformedMessageError, match="at most"):
        decode(NODE_DATA, payload(*[named("a", None, 10) + double(1)] * 20_000))
    with pytest.raises(MalformedMessageError, match="more than"):
        decode(NODE_DATA, SHORT * 300_000)


bytes_of_numbers = st.builds(
    encoded_number,
    st.integers(0, 20),
    st.integers(0, 40) | st.sampled_from([T0_MS, 2**31, 2**63, 2**64 - 1]),
)
texts = st.sampled_from(
    [b"a", b"bdSeq", b"Node Control/x", b"engUnit", b"Quality", b"Cel", b"\xff", b"\0", b"x" * 70]
)
bytes_of_texts = st.builds(encoded_bytes, st.integers(0, 20), texts | st.binary(max_size=12))
doubles = st.builds(double, st.floats())
floats = st.builds(lambda value: b"\x65" + struct.pack("<f", value), st.floats(width=32))
leaves = bytes_of_numbers | bytes_of_texts | doubles | floats | st.binary(max_size=4)
messages = st.recursive(
    st.lists(leaves, max_size=8).map(b"".join),
    lambda inner: st.lists(
        leaves | st.builds(encoded_bytes, st.sampled_from([2, 9, 17, 18]), inner), max_size=6
    ).map(b"".join),
    max_leaves=16,
)
metrics_of_messages = st.lists(messages.map(lambda inner: encoded_bytes(2, inner)), max_size=4).map(b"".join)


@st.composite
def mutated(draw):
    message = bytearray(draw(st.sampled_from(SAMPLES)))
    for _ in range(draw(st.integers(1, 4))):
        position = draw(st.integers(0, len(message)))
        message[position : position + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(message)


def check(topic: str, message: bytes, book: Births | None) -> None:
    try:
        batch = decode(topic, message, book)
    except MalformedMessageError:
        return
    lengths = {
        len(column) for column in (batch.value, batch.name_index, batch.unit_index, batch.flag, batch.state)
    }
    assert lengths == {len(batch)}
    assert np.isfinite(batch.value).all()
    for fault in batch.faults:
        again = decode(topic, fault.raw, book)
        assert (len(again), again.faults) == (0, (fault,))
    for metric in () if batch.sparkplug.birth is None else batch.sparkplug.birth.metrics:
        assert "\0" not in json.dumps([metric.name, metric.unit])
        assert 0 <= metric.datatype < 2**31


@settings(deadline=None, max_examples=600)
@given(st.binary(max_size=200) | messages | metrics_of_messages | mutated())
def test_nothing_but_its_own_error_leaves_the_decoder(message):
    book = known_book()
    for topic in TOPICS:
        check(topic, message, None)
        check(topic, message, book)


@settings(deadline=None)
@given(messages | st.binary(max_size=60))
def test_neighbours_of_a_bad_metric_survive(metric):
    first, last = named("first", None, 10) + double(1), named("last", None, 10) + double(2)
    batch = decode(NODE_DATA, payload(first, metric, last))
    assert batch.sensors()[0] == "first"
    assert batch.sensors()[-1] == "last"


@settings(deadline=None)
@given(
    st.dictionaries(st.integers(0, 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False), max_size=20)
)
def test_what_is_sent_by_alias_is_what_comes_out(sent):
    birth = payload(*(named(f"m{alias}", alias, TYPES["double"]) + double(0) for alias in sent))
    data = payload(*(encoded_number(2, alias) + double(value) for alias, value in sent.items()))
    batch = decode(NODE_DATA, data, taught((NODE_BIRTH, birth)))
    assert values_of(batch) == [(f"m{alias}", value) for alias, value in sent.items()]
    assert batch.faults == ()
