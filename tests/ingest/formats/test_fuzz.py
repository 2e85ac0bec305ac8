"""Whatever comes, a decoder raises its own error only, keeps good readings, and sets bad ones aside alone."""

from __future__ import annotations

import json
import math
from pathlib import Path

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.units import canonical_unit
from ingest.formats import GUESSED_FORMATS, SUPPORTED_FORMATS, MalformedMessageError, decode, senml_cbor
from ingest.formats.gathering import FAULTS_MAX, READINGS_MAX

TOPIC = "nhip/v1/gw-1/data"
T0 = 1_764_000_000
OURS = ("plain", "senml_json", "senml_cbor", "ttn_v3", "chirpstack_v4", "tt10_2021")
SAMPLES = {
    name: sorted(
        path.read_bytes()
        for path in (Path(__file__).parent / "corpus" / name).glob("*/*")
        if not path.name.endswith(".expected.json")
    )
    for name in OURS
}

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=70), inner, max_size=4),
    max_leaves=12,
)
labels = ["bver", "bn", "bt", "bu", "bv", "bs", "n", "u", "v", "vs", "vb", "s", "t", "ut", "vd", "x", "y_"]
texts = st.sampled_from(["a", "dev/", "Cel", "W", "", "é", "x" * 65])
numbers = st.integers(-10, 10) | st.sampled_from([T0, 2**28, 2**63, 2**64]) | st.floats()
records = st.dictionaries(st.sampled_from(labels), values | texts | numbers, max_size=8)
packs = st.lists(
    st.builds(lambda record: {"n": "ok", "t": T0, "v": 1} | record, records) | records | values, max_size=5
)
lines = st.lists(st.text("AB \t;0123456789.,-nafmgL/\r\x00é", max_size=40), max_size=6).map("\n".join)


def uplinks(objects):
    moments = st.just("2026-11-23T08:00:00Z") | values
    return st.builds(
        lambda device, moment, decoded: {
            "end_device_ids": {"device_id": device},
            "uplink_message": {"received_at": moment, "decoded_payload": decoded},
            "deviceInfo": {"devEui": device},
            "time": moment,
            "object": decoded,
        },
        st.just("0004a30b001c0530") | values,
        moments,
        objects,
    )


def as_json(document: object) -> bytes:
    return json.dumps(document).encode()


def as_cbor(pack: object) -> bytes:
    numbered = {label: key for key, label in senml_cbor.LABELS.items()}
    return cbor2.dumps(
        [
            {numbered.get(key, key): value for key, value in item.items()} if isinstance(item, dict) else item
            for item in pack
        ]
    )


@st.composite
def mutated(draw, name: str) -> bytes:
    payload = bytearray(draw(st.sampled_from(SAMPLES[name])))
    for _ in range(draw(st.integers(1, 4))):
        position = draw(st.integers(0, len(payload)))
        payload[position : position + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(payload)


anything = st.one_of(
    st.binary(max_size=200),
    packs.map(as_json),
    packs.map(as_cbor),
    uplinks(values).map(as_json),
    st.dictionaries(st.sampled_from(["ts", "a", "b"]), values | numbers).map(as_json),
    lines.map(str.encode),
    *(mutated(name) for name in OURS),
)


@settings(deadline=None, max_examples=600)
@given(anything)
def test_nothing_but_its_own_error_leaves_a_decoder(payload):
    for name in SUPPORTED_FORMATS:
        if name in OURS:
            check(name, payload)


def check(name: str, payload: bytes) -> None:
    try:
        batch = decode(name, TOPIC, payload)
    except MalformedMessageError:
        return
    assert {len(batch.value), len(batch.name_index), len(batch.flag), len(batch.state)} == {len(batch)}
    assert all(math.isfinite(value) for value in batch.value)
    for fault in batch.faults:
        again = decode(name, TOPIC, fault.raw)
        assert (len(again), again.faults) == (0, (fault,))


good = [{"n": "first", "t": T0, "v": 1}, {"n": "last", "t": T0, "v": 2}]
own_labels = st.dictionaries(st.sampled_from(["n", "u", "v", "vs", "vb", "s", "t", "ut", "vd", "x"]), values)


@settings(deadline=None)
@given(own_labels | scalars)
def test_neighbours_of_a_bad_record_survive(record):
    for name, encoded in (("senml_json", as_json), ("senml_cbor", as_cbor)):
        try:
            payload = encoded([good[0], record, good[1]])
        except (cbor2.CBOREncodeError, UnicodeEncodeError):
            continue  # a lone surrogate has no UTF-8
        batch = decode(name, TOPIC, payload)
        assert {"first", "last"} <= set(batch.names)
        assert batch.received_count == 3


@settings(deadline=None)
@given(values)
def test_neighbours_of_a_bad_field_survive(found):
    decoded = {"first": 1, "bad": found, "last": 2}
    uplink = {
        "end_device_ids": {"device_id": "0004a30b001c0530"},
        "uplink_message": {"received_at": "2026-11-23T08:00:00Z", "decoded_payload": decoded},
        "deviceInfo": {"devEui": "0004a30b001c0530"},
        "time": "2026-11-23T08:00:00Z",
        "object": decoded,
    }
    for name in ("ttn_v3", "chirpstack_v4"):
        batch = decode(name, TOPIC, as_json(uplink))
        assert {"0004a30b001c0530.first", "0004a30b001c0530.last"} <= set(batch.sensors())
    batch = decode("plain", TOPIC, as_json({"ts": T0} | decoded))
    assert batch.received_count == 3
    assert {"first", "last"} <= set(batch.names)


@settings(deadline=None)
@given(st.text(max_size=60).filter(lambda line: not {"\n", "\r", "\0"} & set(line)))
def test_neighbours_of_a_bad_line_survive(line):
    good_line = "COD\t1,5\tmg/L\t20261123080000\t00"
    batch = decode("tt10_2021", TOPIC, f"{good_line}\n{line}\n{good_line}".encode("utf-8", "replace"))
    assert batch.sensors().count("COD") >= 2
    assert batch.received_count == 2 + bool(line.strip())


exact = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9\-:./_]{0,20}", fullmatch=True),
            "t": st.integers(2**28, 2**33),
            "v": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
        },
        optional={"u": st.sampled_from(["Cel", "%RH", "lx", "invented"])},
    ),
    min_size=1,
    max_size=20,
)


@settings(deadline=None)
@given(exact)
def test_both_encodings_of_senml_give_what_was_sent(pack):
    for name, payload in (("senml_json", as_json(pack)), ("senml_cbor", as_cbor(pack))):
        batch = decode(name, TOPIC, payload)
        assert batch.faults == ()
        assert batch.sensors() == [record["n"] for record in pack]
        assert batch.ts_us.tolist() == [record["t"] * 1_000_000 for record in pack]
        assert batch.value.tolist() == [float(record["v"]) for record in pack]
        assert [batch.units[unit] for unit in batch.unit_index] == [record.get("u") for record in pack]


LARGE = {
    "senml_json": [
        b"[" * 262_144,
        b"[" + b"{}," * 87_000 + b"{}]",
        b'[{"n":"a","v":' + b"9" * 250_000 + b'},{"v":',
    ],
    "senml_cbor": [
        b"\x81" * 262_144,
        b"\x81" + b"\xc1" * 262_143,
        b"\x9a\x00\x03\xff\xf0" + b"\xa0" * 262_128,
        b"\x9f" + b"\xa0" * 262_142 + b"\xff",
        b"\x9b\x7f" + b"\xff" * 7,
        b"\x81" + b"\x9f" * 262_143,
    ],
    "ttn_v3": [b'{"end_device_ids":' + b"[" * 262_000],
    "chirpstack_v4": [b'{"deviceInfo":' + b"[" * 262_000],
    "plain": [b"[" * 262_144, as_json({"ts": T0} | {str(place): [] for place in range(FAULTS_MAX + 1)})],
    "tt10_2021": [b"COD\n" * 65_536, b"\n" * 262_144, b"a\t" * 131_072],
}


@pytest.mark.parametrize(
    ("name", "payload"), [(name, payload) for name, payloads in LARGE.items() for payload in payloads]
)
def test_a_large_hostile_message_is_refused_as_a_whole(name, payload):
    with pytest.raises(MalformedMessageError, match="expected"):
        decode(name, TOPIC, payload)


def test_a_message_holds_so_many_readings_and_no_more():
    pack = [{"n": "a", "t": T0, "v": 1}] * READINGS_MAX
    assert len(decode("senml_json", TOPIC, as_json(pack))) == READINGS_MAX
    assert len(decode("senml_cbor", TOPIC, as_cbor(pack))) == READINGS_MAX
    for name, payload in (
        ("senml_json", as_json([*pack, pack[0]])),
        ("senml_cbor", as_cbor([*pack, pack[0]])),
    ):
        with pytest.raises(MalformedMessageError, match=f"at most {READINGS_MAX}"):
            decode(name, TOPIC, payload)
    full = {"ts": T0} | {str(place): 1 for place in range(READINGS_MAX)}
    assert len(decode("plain", TOPIC, as_json(full))) == READINGS_MAX
    with pytest.raises(MalformedMessageError, match=f"at most {READINGS_MAX}"):
        decode("plain", TOPIC, as_json(full | {"more": 1}))


def test_unreadable_readings_are_kept_one_by_one_up_to_a_number():
    document = {"ts": T0, "good": 1} | {f"bad-{place}": "x" for place in range(FAULTS_MAX)}
    batch = decode("plain", TOPIC, as_json(document))
    assert (len(batch), len(batch.faults)) == (1, FAULTS_MAX)


def test_keys_with_equal_hashes_are_not_read_in_a_large_message():
    """Lists for keys would make the dictionary quadratic, for somebody who computes their hashes."""
    pairs = b"".join(b"\x82\x19" + place.to_bytes(2, "big") + b"\x00\x00" for place in range(4_000))
    with pytest.raises(MalformedMessageError, match="depth"):
        decode("senml_cbor", TOPIC, b"\x81\xb9" + (4_000).to_bytes(2, "big") + pairs)


def test_every_tag_that_cbor2_acts_on_is_silenced():
    """A new version of cbor2 may know more tags; each would then act on bytes of strangers."""
    for tag in range(70_000):
        for body in (b"\x01", b"\x61a", b"\x41a", b"\x82\x01\x02"):
            payload = b"\xda" + tag.to_bytes(4, "big") + body
            value = cbor2.loads(payload, semantic_decoders=senml_cbor._TAG_DECODERS)
            assert isinstance(value, cbor2.CBORTag)


def test_all_formats_but_the_stateful_one_are_guessed_once():
    assert len(set(GUESSED_FORMATS)) == len(GUESSED_FORMATS)
    assert {"native", *OURS} <= set(GUESSED_FORMATS) <= set(SUPPORTED_FORMATS)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("%RH", "%"),
        ("/", "1"),
        ("count", "{count}"),
        ("l/s", "L/s"),
        ("µg/Nm3", "ug/m3"),
        ("oC", "Cel"),
        ("kWh", "kW.h"),
    ],
)
def test_units_of_the_formats_are_known(sent, code):
    assert canonical_unit(sent) == code
