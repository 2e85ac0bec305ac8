"""The writer against a model: the first value of each key wins, whatever the order and the repetitions."""

from __future__ import annotations

import time
from importlib.resources import files

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from ingest import binary
from ingest.batch import closed
from ingest.births import Births
from ingest.formats import Row, encode_rows
from ingest.inbox import Message
from ingest.ledger import Outcome
from ingest.opening import open_all
from ingest.registry import load
from ingest.settings import IngestSettings
from ingest.writer import Writer
from store import connect, statement

NOW_US = time.time_ns() // 1000
START = NOW_US // 1_000_000 - 60 * 86_400

readings = st.tuples(
    st.sampled_from("ab"),
    st.integers(0, 6).map(lambda step: step * 7 * 86_400),
    st.sampled_from([0.0, -0.0, 1.0, 2.5]),
)
messages = st.lists(st.lists(readings, max_size=6), min_size=1, max_size=4)


@pytest.fixture
def writer(store_settings):
    writer = Writer(store_settings, IngestSettings(mqtt_url=SecretStr("mqtt://x")))
    yield writer
    writer.close()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(messages, st.booleans()), min_size=1, max_size=4))
def test_the_table_equals_the_model(registry, writer, store_settings, batches):
    """Duplicates, conflicts, new keys over several partitions, optimistic or careful: as a dictionary."""
    if not registry.rows("SELECT 1 FROM gateway"):
        registry.gateway("g")
        registry.sensor("g", "a", "active_power", "kW")
        registry.sensor("g", "b", "active_power", "kW")
    registry.connection.execute("TRUNCATE reading, quarantine, accounting, gateway_seen, dirty_hour")
    with connect(store_settings, "test", autocommit=True) as connection:
        snapshot = load(connection, 1)
    model: dict[tuple[str, int], float] = {}
    expected = dict.fromkeys(Outcome, 0)
    batch_id = 0
    for sent, redelivered in batches:
        received = []
        for rows in sent:
            batch_id += 1
            payload = encode_rows(batch_id, [Row(s=s, t=float(START + t), v=v) for s, t, v in rows])
            received.append(Message(1, 1, redelivered, "nhip/v1/g/data", payload, NOW_US))
            for s, t, v in rows:
                if (s, t) not in model:
                    model[s, t] = v
                    expected[Outcome.STORED] += 1
                else:
                    expected[Outcome.DUPLICATE if model[s, t] == v else Outcome.CONFLICT] += 1
        writer.write(closed(open_all(received, snapshot, 10**6, Births()), writer._settings))
    found = registry.rows(
        "SELECT s.name, extract(epoch FROM r.ts)::bigint - %s, r.value"
        " FROM reading r JOIN sensor s ON s.id = sensor_id",
        START,
    )
    assert {(name, ts): value for name, ts, value in found} == model
    account = registry.account("g")
    assert account.get("stored", 0) == len(model) == expected[Outcome.STORED]
    assert account.get("duplicate", 0) == expected[Outcome.DUPLICATE]
    assert account.get("conflict", 0) == expected[Outcome.CONFLICT]
    dirty = registry.rows("SELECT DISTINCT sensor_id, hour FROM dirty_hour")
    assert len(dirty) == len(model)


@pytest.mark.parametrize("kind", ["integer[]", "timestamptz[]"])
def test_arrays_reach_the_server_as_they_are(store_settings, kind):
    """Binary parameters hold the same values on the other side, empty ones too."""
    values = (
        [-(2**31), 0, 2**31 - 1]
        if kind == "integer[]"
        else [-62_135_596_800_000_000, 0, 1_764_000_000_123_456]
    )
    with connect(store_settings, "test") as connection:
        binary.register(connection)
        for sent in (values, []):
            if kind == "integer[]":
                query = b"SELECT x FROM unnest(%s) AS x"
                array: object = binary.IntegerArray(np.array(sent, dtype=np.int32))
            else:
                query = b"SELECT (extract(epoch FROM x) * 1000000)::bigint FROM unnest(%s) AS x"
                array = binary.TimestampArray(np.array(sent, dtype=np.int64))
            assert [value for (value,) in connection.execute(query, (array,)).fetchall()] == sent


def test_every_statement_can_be_planned_by_the_ingest_role(role_dsn):
    """All grants are there, and every name and type in the SQL files is right."""

    class Nothing(dict[str, None]):
        def __missing__(self, key: str) -> None:
            return None

    names = [path.name.removesuffix(".sql") for path in files("ingest").joinpath("sql").iterdir()]
    assert len(names) > 10
    with psycopg.connect(role_dsn("nhip_ingest")) as connection:
        for name in names:
            text = statement("ingest", name)
            assert text.startswith(b"-- ")
            connection.execute(b"EXPLAIN " + text, Nothing())
