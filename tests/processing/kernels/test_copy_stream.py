"""Readings survive packing bit for bit, and a stream that is not one is refused."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.kernels.copy_stream import (
    BAD_STREAM,
    count_packs,
    decode_packs,
    encode_packs,
    pack_bytes_max,
    parse_readings,
)

HOUR = 3_600_000_000
PG_EPOCH = 946_684_800_000_000
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
SIZES = (4, 8, 8, 2, 2, 8)
values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-40_000, 40_000).map(lambda k: k / 10),
    st.integers(-(2**31), 2**31).map(lambda k: k / 1000),
    st.sampled_from(
        [0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 2147483647.0, -2147483648.0, 32767.5]
    ),
)
readings = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.integers(-2 * HOUR, 3 * HOUR),
        values,
        st.integers(-3, 9),
        st.integers(0, 2),
        st.one_of(st.integers(0, 60_000_000), st.integers(-(2**50), 2**50)),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row[:2],
)


def columns_of(rows):
    """Return the arguments of `encode_packs` for rows (sensor, ts, value, flag, state, delay), sorted."""
    rows = sorted(rows)
    columns = np.array([[s, t, f, d, t + late] for s, t, _, f, d, late in rows], np.int64).T.copy()
    value = np.array([row[2] for row in rows])
    keys = [(row[0], row[1] // HOUR) for row in rows]
    starts = [k for k in range(len(rows)) if k == 0 or keys[k] != keys[k - 1]]
    return columns, value, np.array([*starts, len(rows)], np.int64)


def packed(rows):
    columns, value, starts = columns_of(rows)
    stream = np.empty(pack_bytes_max(len(value), len(starts) - 1), np.uint8)
    return stream[: encode_packs(columns, value, starts, stream)]


def unpacked(stream):
    packs, count = count_packs(stream)
    columns, value, keys = np.empty((5, count), np.int64), np.empty(count), np.empty((3, packs), np.int64)
    assert decode_packs(stream, columns, value, keys) == count
    return columns, value, keys


@given(readings)
@settings(max_examples=60, deadline=None)
def test_a_packed_hour_gives_back_every_bit(rows):
    """Any float, any offset in the hour, any delay, flags that differ or not."""
    columns, value, starts = columns_of(rows)
    found, found_value, keys = unpacked(packed(rows))
    assert np.array_equal(found, columns)
    assert found_value.tobytes() == value.tobytes()
    assert keys[2].tolist() == np.diff(starts).tolist()
    assert keys[1].tolist() == [int(columns[1, k]) // HOUR * HOUR for k in starts[:-1]]


def fields_of(stream):
    """Return the lengths of the five columns of the first pack, found without the kernels."""
    at = 19 + 2
    sizes = []
    for _ in range(8):
        size = struct.unpack_from(">i", stream.tobytes(), at)[0]
        sizes.append(size)
        at += 4 + size
    return sizes[3:]


@pytest.mark.parametrize(
    ("value", "step", "delay", "sizes"),
    [
        (20.5, 10_000_000, 5, [2 * 360, 1 + 2 * 360, 2, 2, 4 * 360]),
        (4000.5, 10_000_000, 5, [2 * 360, 1 + 4 * 360, 2, 2, 4 * 360]),
        (0.1 + 0.2, 10_000_001, 2**31, [4 * 360, 8 * 360, 2, 2, 8 * 360]),
        (-0.0, 10_000_000, -(2**31), [2 * 360, 8 * 360, 2, 2, 4 * 360]),
    ],
    ids=["one decimal", "wide", "nothing short", "negative zero"],
)
def test_an_hour_takes_the_shortest_form_that_loses_nothing(value, step, delay, sizes):
    """Whole seconds, fixed point, one flag for all, short delays; and none of them."""
    rows = [(7, k * step, value, 1, 0, delay) for k in range(360)]
    assert fields_of(packed(rows)) == sizes


def test_other_flags_take_a_number_each():
    rows = [(7, k * 60_000_000, 1.0, 4 if k == 3 else 1, k % 2, 0) for k in range(60)]
    assert fields_of(packed(rows))[2:4] == [120, 120]


def row_of(sensor, ts, value, flag, state, received):
    """One tuple of the stream, as PostgreSQL's documentation says (COPY, binary format)."""
    packs = (
        struct.pack(">i", sensor),
        struct.pack(">q", ts - PG_EPOCH),
        struct.pack(">d", value),
        struct.pack(">h", flag),
        struct.pack(">h", state),
        struct.pack(">q", received - PG_EPOCH),
    )
    return struct.pack(">h", 6) + b"".join(struct.pack(">i", len(one)) + one for one in packs)


def parsed(stream, room=10):
    columns = np.empty((6, room), np.int64)
    return parse_readings(np.frombuffer(stream, np.uint8), columns), columns


def test_rows_are_read_as_the_format_says():
    rows = [(1, 5, -0.0, 1, 0, 9), (2**31 - 1, -7, 1e300, 9, 2, 2**60)]
    count, columns = parsed(HEADER + b"".join(row_of(*row) for row in rows) + b"\xff\xff")
    assert count == 2
    got = columns[:, :2].copy()
    assert got[[0, 1, 3, 4, 5]].T.tolist() == [[r[0], r[1], r[3], r[4], r[5]] for r in rows]
    assert got[2].view(np.float64).tobytes() == np.array([r[2] for r in rows]).tobytes()


ROW = row_of(1, 5, 1.0, 1, 0, 9)


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        HEADER,
        HEADER + ROW,
        HEADER + ROW[:-1],
        HEADER + ROW[:2] + b"\xff\xff\xff\xff" + ROW[10:] + bytes(4) + b"\xff\xff",
        HEADER + b"\x00\x05" + ROW[2:] + b"\xff\xff",
        HEADER + ROW * 11 + b"\xff\xff",
    ],
    ids=["empty", "no end", "no trailer", "cut", "NULL", "five fields", "more than room"],
)
def test_what_is_not_the_expected_stream_is_refused(stream):
    assert parsed(stream)[0] == BAD_STREAM


def test_a_cut_pack_is_refused():
    """At every byte."""
    stream = packed([(1, k * 1000, 1.5, 1, 0, 7) for k in range(3)])
    assert count_packs(stream) == (1, 3)
    for length in range(len(stream) - 1):
        assert count_packs(stream[:length]) == (BAD_STREAM, BAD_STREAM)


def test_a_field_whose_length_says_nothing_is_refused():
    """n = 3 claims readings that the columns do not hold."""
    stream = packed([(1, k * 1000, 1.5, 1, 0, 7) for k in range(3)]).copy()
    stream[19 + 2 + 4 + 4 + 4 + 8 + 4 + 3] = 5
    packs, count = count_packs(stream)
    columns, value, keys = np.empty((5, count), np.int64), np.empty(count), np.empty((3, packs), np.int64)
    assert decode_packs(stream, columns, value, keys) == BAD_STREAM


def test_an_empty_stream_holds_nothing():
    stream = np.frombuffer(HEADER + b"\xff\xff", np.uint8)
    assert count_packs(stream) == (0, 0)
    assert parsed(stream.tobytes())[0] == 0
