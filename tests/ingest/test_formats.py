"""Payload formats: what is read, what leaves by itself, what is refused with field, found and expected."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.quarantine import Reason
from ingest.formats import (
    KNOWN_FORMATS,
    SUPPORTED_FORMATS,
    FormatError,
    MalformedMessageError,
    Row,
    UnsupportedFormatError,
    decode,
    encode_columns,
    encode_rows,
)

TOPIC = "nhip/v1/gw-1/data"
T0 = 1_764_000_000


def native(payload: bytes | dict[str, object]):
    return decode("native", TOPIC, payload if isinstance(payload, bytes) else json.dumps(payload).encode())


def plain(document: object):
    return decode("plain", TOPIC, json.dumps(document).encode())


def one(**fields: object) -> dict[str, object]:
    return {"id": 1, "r": [{"s": "a", "t": T0, "v": 1.0} | fields]}


@pytest.mark.parametrize(
    ("moment", "ts_us"),
    [
        (T0, T0 * 1_000_000),
        (T0 + 0.25, T0 * 1_000_000 + 250_000),
        (1764000000.123456, 1_764_000_000_123_456),
        ("2026-11-23T08:00:00+07:00", 1_795_395_600_000_000),
        ("2026-11-23T01:00:00Z", 1_795_395_600_000_000),
        ("2026-11-23T01:00:00.000001Z", 1_795_395_600_000_001),
        ("1969-12-31T23:59:59Z", -1_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
        (-5, -5_000_000),
    ],
)
def test_times_are_exact_to_the_microsecond(moment, ts_us):
    assert native(one(t=moment)).ts_us.tolist() == [ts_us]


def test_all_fields_of_a_row_are_read():
    batch = native(one(u="ug/m3", q=3, d="02"))
    assert (batch.batch_id, batch.sensors(), batch.value.tolist()) == (1, ["a"], [1.0])
    assert (batch.units, batch.flag.tolist(), batch.state.tolist()) == (("ug/m3",), [3], [2])
    bare = native(one())
    assert (bare.units, bare.flag.tolist(), bare.state.tolist()) == ((None,), [0], [0])


def test_steps_of_the_column_form_count_from_the_reading_before():
    payload = {"id": 43, "s": "pm25-01", "t0": T0, "dt": [0, 60, 60], "v": [23.5, 23.6, 23.9], "q": 1}
    batch = native(payload)
    assert [ts // 1_000_000 - T0 for ts in batch.ts_us.tolist()] == [0, 60, 120]
    assert (batch.names, batch.value.tolist(), batch.flag.tolist()) == (
        ("pm25-01",),
        [23.5, 23.6, 23.9],
        [1] * 3,
    )


@pytest.mark.parametrize(
    ("field", "found", "reason"),
    [
        ("v", '"12.5"', Reason.MALFORMED),
        ("v", "true", Reason.MALFORMED),
        ("v", "null", Reason.MALFORMED),
        ("v", "{}", Reason.MALFORMED),
        ("v", "NaN", Reason.NOT_FINITE),
        ("v", "-Infinity", Reason.NOT_FINITE),
        ("v", "1e999", Reason.NOT_FINITE),
        ("v", "9" * 5000, Reason.NOT_FINITE),
        ("t", '"2026-11-23T08:00:00"', Reason.MALFORMED),
        ("t", '"2026-11-23T23:59:60Z"', Reason.MALFORMED),
        ("t", '"yesterday"', Reason.MALFORMED),
        ("t", "true", Reason.MALFORMED),
        ("t", "1e300", Reason.MALFORMED),
        ("t", "NaN", Reason.MALFORMED),
        ("s", '""', Reason.MALFORMED),
        ("s", '"a\\u0000"', Reason.MALFORMED),
        ("s", '"\\ud800"', Reason.MALFORMED),
        ("s", f'"{"x" * 65}"', Reason.MALFORMED),
        ("s", "7", Reason.MALFORMED),
        ("u", '"\\u0000"', Reason.MALFORMED),
        ("u", "5", Reason.MALFORMED),
        ("q", "0", Reason.MALFORMED),
        ("q", "true", Reason.MALFORMED),
        ("d", '"03"', Reason.MALFORMED),
        ("d", "1", Reason.MALFORMED),
    ],
)
def test_a_bad_reading_leaves_and_its_neighbours_stay(field, found, reason):
    bad = {"s": '"bad"', "t": str(T0), "v": "1"} | {field: found}
    row = ",".join(f'"{key}":{value}' for key, value in bad.items())
    good = [f'{{"s":"a","t":{T0},"v":1}}', f'{{"s":"b","t":{T0},"v":2}}']
    batch = native(f'{{"id":7,"r":[{good[0]},{{{row}}},{good[1]}]}}'.encode())
    assert (batch.batch_id, batch.sensors(), batch.value.tolist()) == (7, ["a", "b"], [1.0, 2.0])
    (fault,) = batch.faults
    assert fault.reason is reason
    assert fault.detail.startswith(f"{field}: found ")
    assert batch.received_count == 3
    again = native(fault.raw)
    assert (len(again), len(again.faults)) == (0, 1)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b"", "payload"),
        (b"\xff\xfe", "payload"),
        (b"not json", "payload"),
        (b'{"id":1,"r":[', "payload"),
        (b"[]", "payload"),
        (b"17", "payload"),
        (b"{}", "s"),
        (b"[" * 100_000, "payload"),
        (b'{"id":1,"x":' + b"[" * 100_000, "payload"),
        (b'{"id":-1,"r":[]}', "id"),
        (b'{"id":18446744073709551616,"r":[]}', "id"),
        (b'{"id":"1","r":[]}', "id"),
        (b'{"id":true,"r":[]}', "id"),
        (b'{"id":1,"r":{}}', "r"),
        (b'{"id":1,"r":[],"v":[1]}', "payload"),
        (b'{"id":1,"s":"a","t0":0,"dt":[0,1],"v":[1]}', "dt"),
        (b'{"id":1,"s":"a","t0":0,"dt":[1e305],"v":[1]}', "dt"),
        (b'{"id":1,"s":"a","t0":0,"dt":[NaN],"v":[1]}', "dt"),
        (b'{"id":1,"s":"a","t0":0,"dt":["1"],"v":[1]}', "dt"),
        (b'{"id":1,"s":"a","t0":"x","dt":[0],"v":[1]}', "t0"),
        (b'{"id":1,"s":"a\\u0000","t0":0,"dt":[0],"v":[1]}', "s"),
        (b'{"id":1,"s":"a","t0":0,"dt":[0]}', "v"),
    ],
)
def test_an_unreadable_message_names_field_found_and_expected(payload, field):
    with pytest.raises(MalformedMessageError) as caught:
        native(payload)
    assert caught.value.field == field
    assert caught.value.found
    assert caught.value.expected


def test_the_batch_id_of_an_unreadable_message_is_kept_for_its_acknowledgement():
    with pytest.raises(MalformedMessageError) as caught:
        native(b'{"id":12,"r":"nothing"}')
    assert caught.value.batch_id == 12


def test_a_bad_value_in_the_column_form_leaves_by_itself():
    batch = native(f'{{"id":1,"s":"a","t0":{T0},"dt":[0,60,60],"v":[1,NaN,3]}}'.encode())
    assert (batch.value.tolist(), [fault.reason for fault in batch.faults]) == (
        [1.0, 3.0],
        [Reason.NOT_FINITE],
    )
    assert [ts // 1_000_000 - T0 for ts in batch.ts_us.tolist()] == [0, 120]


def test_a_step_beyond_all_times_leaves_by_itself():
    batch = native(b'{"id":1,"s":"a","t0":0,"dt":[0,1e300,-1e300],"v":[1,2,3]}')
    assert (batch.ts_us.tolist(), len(batch.faults)) == ([0, 0], 1)


def test_unknown_fields_and_repeated_keys_are_harmless():
    batch = native(
        f'{{"id":1,"id":2,"extra":{{"x":[1]}},"r":[{{"s":"a","t":{T0},"v":1,"v":2,"z":0}}]}}'.encode()
    )
    assert (batch.batch_id, batch.value.tolist()) == (2, [2.0])


def test_plain_json_takes_every_other_key_as_a_sensor():
    batch = plain({"ts": T0, "pm25": 12.3, "temp": 28})
    assert (batch.batch_id, batch.sensors(), batch.value.tolist()) == (None, ["pm25", "temp"], [12.3, 28.0])
    listed = plain([{"ts": T0, "a": 1}, {"ts": "2026-11-23T08:00:00+07:00", "a": 2}])
    assert listed.ts_us.tolist() == [T0 * 1_000_000, 1_795_395_600_000_000]


def test_plain_json_keeps_good_values_beside_bad_ones():
    batch = plain({"ts": T0, "pm25": 12.3, "note": "x", "bad": math.nan})
    assert (batch.sensors(), [fault.sensor for fault in batch.faults]) == (["pm25"], ["note", "bad"])
    assert json.loads(batch.faults[0].raw) == {"ts": T0, "note": "x"}


@pytest.mark.parametrize(
    "document", [{"pm25": 1}, {"ts": "2026-11-23", "a": 1}, {"ts": None}, [1], "x", {"ts": 1e300}]
)
def test_plain_json_without_a_time_is_refused(document):
    with pytest.raises(MalformedMessageError):
        plain(document)


@pytest.mark.parametrize("name", [*(set(KNOWN_FORMATS) - set(SUPPORTED_FORMATS)), "nonsense"])
def test_formats_without_a_decoder_say_so(name):
    with pytest.raises(UnsupportedFormatError, match="native"):
        decode(name, TOPIC, b"{}")


names = st.text(min_size=1, max_size=64).filter(str.isprintable)
numbers = st.floats(allow_nan=False, allow_infinity=False)
rows = st.builds(
    Row,
    s=names,
    # Later than the year 2242 a double has too few digits for microseconds.
    t=st.integers(-(2**33), 2**33).map(float)
    | st.datetimes(timezones=st.just(UTC), min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),
    v=numbers,
    u=st.none() | st.text(max_size=32).filter(str.isprintable),
    q=st.sampled_from([None, 1, 2, 3, 4, 9]),
    d=st.sampled_from([None, "00", "01", "02"]),
)


@settings(deadline=None)
@given(st.integers(0, 2**64 - 1), st.lists(rows, max_size=20))
def test_rows_survive_encoding_and_decoding(batch_id, sent):
    batch = native(encode_rows(batch_id, sent))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    expected_us = [
        round(row.t) * 1_000_000
        if isinstance(row.t, float)
        else (row.t - epoch).days * 86_400_000_000
        + (row.t - epoch).seconds * 1_000_000
        + (row.t - epoch).microseconds
        for row in sent
    ]
    assert (batch.batch_id, batch.faults) == (batch_id, ())
    assert batch.sensors() == [row.s for row in sent]
    assert batch.ts_us.tolist() == expected_us
    assert batch.value.tolist() == [row.v for row in sent]
    assert [batch.units[unit] for unit in batch.unit_index] == [row.u for row in sent]
    assert batch.flag.tolist() == [row.q or 0 for row in sent]
    assert batch.state.tolist() == [int(row.d or 0) for row in sent]


@settings(deadline=None)
@given(names, st.lists(st.tuples(st.integers(0, 4_000_000_000), numbers), min_size=1, max_size=30))
def test_columns_survive_encoding_and_decoding(name, readings):
    moments = [moment for moment, _ in readings]
    batch = native(encode_columns(1, name, moments, [value for _, value in readings], unit="Cel"))
    assert [ts // 1_000_000 for ts in batch.ts_us.tolist()] == moments
    assert batch.value.tolist() == [value for _, value in readings]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
shapes = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values,
        "r": st.lists(
            st.fixed_dictionaries({}, optional=dict.fromkeys("stvuqd", json_values)) | json_values,
            max_size=4,
        )
        | json_values,
        "s": json_values,
        "t0": json_values,
        "dt": json_values | st.lists(st.floats(), max_size=4),
        "v": json_values | st.lists(st.floats(), max_size=4),
        "ts": json_values | st.just(T0),
        "a": json_values,
    },
)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(KNOWN_FORMATS),
    st.binary(max_size=300) | (shapes | json_values).map(lambda x: json.dumps(x).encode()),
)
def test_decoding_raises_nothing_but_its_own_errors(name, payload):
    try:
        batch = decode(name, TOPIC, payload)
    except FormatError:
        return
    lengths = {
        len(batch.ts_us),
        len(batch.value),
        len(batch.name_index),
        len(batch.unit_index),
        len(batch.flag),
    }
    assert lengths == {len(batch)}
    assert all(math.isfinite(value) for value in batch.value)
    for fault in batch.faults:
        assert decode(name, TOPIC, fault.raw).received_count == 1


def test_a_message_full_of_rubbish_is_one_fault():
    """256 KB of readings that cannot be read are set aside as a whole, acknowledged by their id."""
    with pytest.raises(MalformedMessageError, match="more than 1000 readings that cannot be read") as caught:
        native(b'{"id": 9, "r": [%s]}' % b",".join([b"0"] * 120_000))
    assert caught.value.batch_id == 9
    assert len(native({"id": 9, "r": [0] * 1_000 + [{"s": "a", "t": T0, "v": 1}]})) == 1
