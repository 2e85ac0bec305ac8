"""Messages opened together give what they give one by one, and one hostile message disturbs no neighbour."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from ingest import opening
from ingest.batch import closed
from ingest.births import Births
from ingest.inbox import Message
from ingest.ledger import Tally
from ingest.opening import isolated, of_parcels, open_all
from ingest.parcel import opened
from ingest.registry import load
from ingest.settings import IngestSettings
from ingest.writer import count_messages
from store import connect

NOW = int(time.time())
SETTINGS = IngestSettings(mqtt_url=SecretStr("mqtt://x"))

readings = st.fixed_dictionaries(
    {
        "s": st.sampled_from(["a", "b", "b", "unknown", "h.a"]),
        "t": st.sampled_from([NOW, NOW + 0.5, NOW - 60, NOW + 10**6, 0]),
        "v": st.sampled_from([1.0, 2.5, -3, 1e300]),
    },
    optional={"u": st.sampled_from(["kW", "W", "Cel"]), "q": st.sampled_from([1, 3, 4])},
)
documents = st.builds(
    lambda batch_id, rows: json.dumps({"id": batch_id, "r": rows}).encode(),
    st.integers(0, 2**64 - 1),
    st.lists(readings, max_size=5),
)
payloads = documents | st.binary(max_size=40) | st.just(b'{"id":1,"r":[{"s":"a","t":1,"v":NaN}]}')
topics = st.sampled_from(
    ["nhip/v1/g/data", "nhip/v1/g/data", "nhip/v1/h/data", "nhip/v1/nobody/data", "nhip/v1/g/status", "x/y"]
)


@pytest.fixture
def snapshot(registry, store_settings):
    registry.gateway("g")
    registry.gateway("h")
    for name in "ab":
        registry.sensor("g", name, "active_power", "kW")
    registry.sensor("h", "a", "active_power", "kW")
    with connect(store_settings, "test", autocommit=True) as connection:
        return load(connection, 1)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(topics, payloads), min_size=1, max_size=12))
def test_together_as_one_by_one(snapshot, sent):
    """The same candidates, the same entries, the same acknowledgements, whichever way the bytes went."""
    messages = [
        Message(1, number + 1, False, topic, payload, NOW * 1_000_000)
        for number, (topic, payload) in enumerate(sent)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "_ARRAYS_MESSAGES_MIN", 0)
        together = open_all(messages, snapshot, 10**6, Births())
    alone = of_parcels([opened(message, snapshot, 10**6, Births()) for message in messages], snapshot)
    assert together.batch_ids == alone.batch_ids
    assert together.middle_us == alone.middle_us
    assert together.telemetry.tolist() == alone.telemetry.tolist()
    first, second = closed(together, SETTINGS), closed(alone, SETTINGS)
    for name in ("parcel", "position", "sensor_id", "ts_us", "received_us", "value", "flag", "state"):
        np.testing.assert_array_equal(getattr(first.candidates, name), getattr(second.candidates, name))

    def key(entry):
        return (entry.parcel, entry.reason, entry.sensor or "", entry.payload)

    assert sorted(map(key, first.entries)) == sorted(map(key, second.entries))
    assert sorted(entry.detail for entry in first.entries) == sorted(entry.detail for entry in second.entries)


def test_plain_messages_are_decoded_together(snapshot):
    """The array path is taken: otherwise the test above compares the general path with itself."""
    messages = [
        Message(
            1,
            n,
            False,
            "nhip/v1/g/data",
            json.dumps({"id": n, "r": [{"s": "a", "t": NOW + n, "v": n}]}).encode(),
            0,
        )
        for n in range(1, 200)
    ]
    result = open_all(messages, snapshot, 10**6, Births())
    assert not result.parcels
    assert result.strict is not None
    assert len(result.strict.slot) == 199
    assert result.batch_ids == list(range(1, 200))


def test_a_message_that_our_own_code_fails_on_is_set_aside():
    """Whatever its topic."""
    for topic in ("nhip/v1/g/data", "x", "", "a/b//c"):
        parcel = isolated(Message(1, 1, False, topic, b"", 0), RuntimeError("x"))
        assert parcel.refusal is not None
        assert parcel.gateway


def test_messages_are_counted_by_gateway_and_hour(snapshot):
    """Over the border of an hour, several gateways, and a refused flood counted as rejected."""
    hour_us = 3_600_000_000
    messages = [
        Message(1, 1, False, "nhip/v1/g/data", b"{}", hour_us - 1),
        Message(1, 2, False, "nhip/v1/g/data", b"{}", hour_us),
        Message(1, 3, False, "nhip/v1/h/data", b"{}", hour_us),
        Message(1, 4, False, "nhip/v1/g/data", b"", hour_us, throttled=True),
        Message(1, 5, False, "nhip/v1/g/status", b'{"online": true}', hour_us),
    ]
    tally = Tally()
    count_messages(tally, open_all(messages, snapshot, 10**6, Births()))
    assert tally._messages == {("g", 0): 1, ("g", 1): 2, ("h", 1): 1}
    assert tally._outcomes[("g", 1)] == [0, 0, 0, 0, 1]
