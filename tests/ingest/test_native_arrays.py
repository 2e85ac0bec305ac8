"""The array decoder against the general one: never another value, and the common spellings are understood."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats import MalformedMessageError, native
from ingest.formats.native_arrays import decode_many

T0 = 1_764_000_000


def check(payloads: list[bytes]) -> list[bool]:
    """Compare what is understood with the general decoder; return what was."""
    columns = decode_many(payloads)
    assert len(columns.understood) == len(payloads)
    assert columns.message.tolist() == sorted(columns.message.tolist())
    for number, payload in enumerate(payloads):
        mine = columns.message == number
        assert columns.count[number] == mine.sum()
        if not columns.understood[number]:
            assert not mine.any()
            continue
        batch = native.decode(payload)
        assert not batch.faults
        batch_id = int(columns.batch_id[number]) if columns.has_batch_id[number] else None
        assert batch_id == batch.batch_id
        assert [w.tobytes().rstrip(b"\0").decode() for w in columns.name_words[mine]] == batch.sensors()
        np.testing.assert_array_equal(columns.ts_us[mine], batch.ts_us)
        # Bit for bit: -0.0 is not 0.0.
        np.testing.assert_array_equal(columns.value[mine].view(np.int64), batch.value.view(np.int64))
        units = [columns.units[position] for position in columns.unit_index[mine]]
        assert units == [batch.units[position] for position in batch.unit_index]
        np.testing.assert_array_equal(columns.flag[mine], batch.flag)
        np.testing.assert_array_equal(columns.state[mine], batch.state)
    return columns.understood.tolist()


def spelt(document: object, *, compact: bool) -> bytes:
    separators = (",", ":") if compact else (", ", ": ")
    return json.dumps(document, separators=separators).encode()


ROWS = [
    {"s": "pm25-01", "t": T0, "v": 23.5},
    {"t": T0 + 0.25, "v": -7, "s": "a"},
    {"v": 0, "s": "x" * 64, "t": 1764000000.123456},
    {"s": "a b", "t": 0, "v": -0.0},
    {"s": "a", "t": T0, "v": 23.599999999999998, "u": "ug/m3", "q": 1, "d": "00"},
    {"d": "02", "q": 9, "u": "[degF]", "s": "a.b/c", "t": T0, "v": 123456789012345.6},
    {"s": "a", "t": "2026-11-23T08:00:00+07:00", "v": 1.0},
    {"s": "a", "t": "2024-02-29T23:59:59.123456Z", "v": 1.0},
    {"s": "a", "t": "1969-12-31T00:00:00.5-11:30", "v": 0.1},
    {"s": "a", "t": "0001-01-01T00:00:00Z", "v": 1},
    {"s": "a", "t": "9999-12-31T23:59:59.999999Z", "v": 1},
]


@pytest.mark.parametrize("compact", [True, False])
@pytest.mark.parametrize("row", ROWS, ids=str)
@pytest.mark.parametrize("frame", ["id first", "id last", "no id"])
def test_the_common_spellings_are_understood(row, frame, compact):
    """Compact or as json.dumps writes; the id first, last or absent; fields in any order; both times."""
    rows = [row, ROWS[0], row]
    document = {"id first": {"id": 42, "r": rows}, "id last": {"r": rows, "id": 42}, "no id": {"r": rows}}[
        frame
    ]
    assert check([spelt(document, compact=compact)]) == [True]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b'{"r":[]}',
        b'{"id":1,"r":[]}',
        b'{"id":1,"r":[{}]}',
        b'{"id":-1,"r":[{"s":"a","t":1,"v":1}]}',
        b'{"id":1.0,"r":[{"s":"a","t":1,"v":1}]}',
        b'{"id":01,"r":[{"s":"a","t":1,"v":1}]}',
        b'{"id":18446744073709551616,"r":[{"s":"a","t":1,"v":1}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1}]',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1}]}}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1},]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1}{"s":"a","t":1,"v":1}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1}],"r":[{"s":"b","t":1,"v":1}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1}],"v":[1]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1,"v":2}]}',
        b'{"id":1,"r":[{"s":"a","v":1}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":NaN}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1e999}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":"1"}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":true}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":01}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1.}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":.5}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":-}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":+1}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1.2.3}]}',
        b'{"id":1,"r":[{"s":"","t":1,"v":1}]}',
        b'{"id":1,"r":[{"s":"\\u0041","t":1,"v":1}]}',
        b'{"id":1,"r":[{"s":"a\x00","t":1,"v":1}]}',
        b'{"id":1,"r":[{"s":"a","t":"2026-11-23T08:00:00","v":1}]}',
        b'{"id":1,"r":[{"s":"a","t":"2026-02-29T08:00:00Z","v":1}]}',
        b'{"id":1,"r":[{"s":"a","t":"2026-11-23T08: 00:00Z","v":1}]}',
        b'{"id":1,"r":[{"s":"a","t":"2026-11-23T23:59:60Z","v":1}]}',
        b'{"id":1,"r":[{"s":"a","t":99999999999999,"v":1}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1,"q":5}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1,"d":"03"}]}',
        b'{"id":1,"r":[{"s":"a","t":1,"v":1,"u":5}]}',
        b'"s":"t":"v":"s":"t":"v":',
        b'{"id":1,"s":"a","t0":1,"dt":[0],"v":[1]}',
    ],
)
def test_what_is_not_plain_is_left_alone_and_disturbs_nobody(payload):
    """Not understood, and the plain messages before and behind it still are."""
    plain = spelt({"id": 7, "r": ROWS[:3]}, compact=True)
    assert check([plain, payload, plain, payload]) == [True, False, True, False]


def test_a_name_with_a_separator_is_not_taken_for_another():
    """White space between tokens is dropped; inside a name it is part of the name."""
    for name in (": a", "a, ", 'a, {"', "a: b", "a,b"):
        check([spelt({"id": 1, "r": [{"s": name, "t": T0, "v": 1}]}, compact=False)])


@pytest.mark.parametrize(
    ("text", "understood"),
    [
        # 2**33 less the sixth part of its last place: rounded twice it would become 2**33.
        ("8589934591.999999523", True),
        ("-8589934591.999999523", True),
        ("9007199254740993", False),  # exactly between two doubles
        ("-0", True),  # an integer: no negative zero
        ("-0.0", True),
        ("1764000000.123457", True),
        ("0.04948123456789012", True),
        ("9999999999999999999", True),
        ("99999999999999999999", False),
    ],
)
def test_hard_numbers_are_the_same_to_the_bit(text, understood):
    """Rounded once, also just below a power of two; zero keeps the sign that the general decoder gives."""
    assert check([b'{"r":[{"s":"a","t":1,"v":%s}]}' % text.encode()]) == [understood]


def test_readings_with_all_digits_of_a_double_are_understood():
    """None of 2,000 falls back, or long messages would nearly always."""
    random = np.random.default_rng(7)
    rows = [
        {"s": "a", "t": T0 + int(micro) / 1e6, "v": value}
        for micro, value in zip(
            random.integers(0, 10**6, 2000), random.uniform(0.01, 30, 2000).tolist(), strict=True
        )
    ]
    assert check([spelt({"id": 1, "r": rows}, compact=True)]) == [True]


@pytest.mark.parametrize("digits", range(1, 20))
def test_batch_ids_of_up_to_19_digits_are_understood(digits):
    """Clocks in nanoseconds give ids of 19 digits."""
    document = {"id": 10**digits - 1, "r": ROWS[:1]}
    assert check([spelt(document, compact=True)]) == [True]


@pytest.mark.parametrize("end", [b"}]}", b"}]"])
def test_a_message_of_many_units_disturbs_nobody(end):
    """Good or damaged, it does not use up the room for the units of others."""
    many = spelt({"r": [ROWS[0] | {"u": f"x{number}"} for number in range(80)]}, compact=True)
    plain = spelt({"id": 7, "r": [ROWS[4], ROWS[5]]}, compact=True)
    assert check([many.removesuffix(b"}]}") + end, plain]) == [end == b"}]}", True]


def test_no_messages_give_no_readings():
    """An empty batch is one too."""
    assert check([b""]) == [False]
    assert len(decode_many([b"", b"x"]).value) == 0


@settings(deadline=None, max_examples=300)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
def test_numbers_are_rounded_as_the_general_decoder_rounds(values):
    """All doubles as Python writes them; those with exponents are not understood."""
    rows = [{"s": "a", "t": T0 + number, "v": value} for number, value in enumerate(values)]
    check([spelt({"id": number, "r": [row]}, compact=True) for number, row in enumerate(rows)])


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 10**19), st.integers(0, 19)), min_size=1, max_size=30))
def test_long_decimals_are_rounded_once(numbers):
    """Up to 19 digits with the point anywhere, also where extended precision lies half-way."""
    texts = []
    for digits, places in numbers:
        text = str(digits).rjust(places + 1, "0")
        texts.append(text if not places else f"{text[:-places]}.{text[-places:]}")
    halves = [f"{2**53 + odd}.{5 * 10**k}" for odd in (1, 3) for k in (0, 1, 2)]
    check([b'{"r":[{"s":"a","t":1,"v":%s}]}' % text.encode() for text in (*texts, *halves)])


mutations = st.lists(
    st.tuples(
        st.sampled_from(["set", "insert", "delete"]),
        st.integers(0, 10**6),
        st.sampled_from(b'{}[]":,. -+eE0123456789stvuqdrTZ\n\\\xff'),
    ),
    max_size=3,
)
sent = st.builds(
    lambda rows, batch_id, compact: spelt({"id": batch_id, "r": rows}, compact=compact),
    st.lists(st.sampled_from(ROWS), min_size=1, max_size=4),
    # Longer ids are left alone, and what is left alone shows nothing.
    st.integers(0, 10**19 - 1),
    st.booleans(),
)


def mutated(payload: bytes, changes: list[tuple[str, int, int]]) -> bytes:
    data = bytearray(payload)
    for kind, place, byte in changes:
        position = place % max(len(data), 1)
        if kind == "insert":
            data.insert(position, byte)
        elif data and kind == "set":
            data[position] = byte
        elif data:
            del data[position]
    return bytes(data)


@settings(deadline=None, max_examples=800)
@given(st.lists(st.tuples(sent, mutations), min_size=1, max_size=6))
def test_damaged_messages_are_never_misread(messages):
    """One to three bytes set, inserted or deleted: the same as the general decoder, or not understood."""
    check([mutated(payload, changes) for payload, changes in messages])


@settings(deadline=None, max_examples=200)
@given(st.lists(st.binary(max_size=60), min_size=1, max_size=6))
def test_any_bytes_are_survived(payloads):
    """Nothing is raised, and what is understood the general decoder reads as well."""
    for payload, understood in zip(payloads, check(payloads), strict=True):
        if understood:
            native.decode(payload)
        else:
            try:
                native.decode(payload)
            except MalformedMessageError:
                continue
