"""Sequence gaps of gateways: which batch ids are missing, and that one that comes late closes its gap."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from ingest.batch import closed
from ingest.births import Births
from ingest.formats import Row, encode_rows
from ingest.inbox import Message
from ingest.opening import open_all
from ingest.presence import Numbering, _multirange, _ranges
from ingest.registry import load
from ingest.settings import IngestSettings
from ingest.writer import Writer
from store import connect

NOW_US = time.time_ns() // 1000


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(1, 15)), st.integers(1, 5), st.sets(st.integers(1, 14), max_size=5))
def test_missing_ids_are_those_between_the_heard_ones(registry, order, step, never):
    """As a set would say it, after every transaction, in any order of arrival."""
    ids = [batch_id for batch_id in order if batch_id not in never]
    missing, last, heard = "{}", None, set()
    for start in range(0, len(ids), step):
        part = ids[start : start + step]
        ((missing,),) = registry.rows(
            "SELECT missing_ids(%s::nummultirange, %s::numeric, %s::nummultirange)::text",
            missing,
            last,
            _multirange(_ranges(part)),
        )
        first = min(part) if last is None else first  # noqa: F821 # set in the first round
        heard |= set(part)
        last = max(heard)
        expected = set(range(first, last)) - heard
        ((found, count),) = registry.rows(
            "SELECT array(SELECT g FROM generate_series(1, 20) g WHERE %s::nummultirange @> g::numeric),"
            " id_count(%s::nummultirange)",
            missing,
            missing,
        )
        assert set(found) == expected
        assert count == len(expected)


def test_many_gaps_keep_the_newest(registry):
    """A gateway with hundreds of gaps does not grow its row without end, and the newest gaps stay."""
    missing = "{}"
    for number in range(200):
        ((missing, size),) = registry.rows(
            "SELECT m::text, pg_column_size(m)"
            " FROM missing_ids(%s::nummultirange, %s::numeric, %s::nummultirange) m",
            missing,
            number * 2 - 1 if number else None,
            f"{{[{number * 2 + 1},{number * 2 + 2})}}",
        )
        assert size <= 400
    assert "[398,399)" in missing


def test_a_jump_of_numbers_is_no_loss(registry):
    """A gateway that starts to number by the clock has no million gaps."""
    ((missing,),) = registry.rows("SELECT missing_ids('{}', 5, '{[1764000000,1764000001)}')::text")
    assert missing == "{}"


@pytest.fixture
def write(registry, store_settings):
    """Write messages with the given batch ids through the real writer, one transaction a call."""
    registry.gateway("g")
    registry.sensor("g", "a", "active_power", "kW")
    ingest_settings = IngestSettings(mqtt_url=SecretStr("mqtt://x"))
    writer = Writer(store_settings, ingest_settings)
    with connect(store_settings, "test", autocommit=True) as connection:
        snapshot = load(connection, 1)

    def of(*batch_ids: int) -> None:
        messages = [
            Message(
                1,
                1,
                False,
                "nhip/v1/g/data",
                encode_rows(batch_id, [Row(s="a", t=NOW_US / 1e6 - batch_id % 1_000_000, v=1.0)]),
                NOW_US,
            )
            for batch_id in batch_ids
        ]
        writer.write(closed(open_all(messages, snapshot, 10**6, Births()), ingest_settings))

    yield of
    writer.close()


def gaps(registry) -> tuple[int, int]:
    ((last_id, count),) = registry.rows("SELECT last_batch_id::int, id_count(missing) FROM gateway_seen")
    return last_id, count


def test_gaps_of_the_first_transaction_are_seen(registry, write):
    """A gateway that was never heard before: 1, 2 and 5 in one transaction."""
    write(1, 2, 5)
    assert gaps(registry) == (5, 2)
    write(4)
    assert gaps(registry) == (5, 1)


def test_gaps_open_and_close(registry, write):
    """Seen from outside: 1 and 2, then 5 (two missing), then 3 and 4 late (none missing)."""
    write(1, 2)
    assert gaps(registry) == (2, 0)
    write(5)
    assert gaps(registry) == (5, 2)
    write(4)
    assert gaps(registry) == (5, 1)
    write(3)
    assert gaps(registry) == (5, 0)


def test_ids_that_do_not_follow_each_other_have_no_gaps(registry, write):
    """Ids need only be unique: a gateway that numbers in steps of a hundred misses nothing."""
    for start in range(0, 3_000, 300):
        write(start, start + 100, start + 200)
    assert gaps(registry) == (2_900, 0)


def test_a_lossy_sequence_is_still_followed():
    """Every second batch lost is a loss, not another way to number; every tenth id is."""
    numbering = Numbering()
    assert all(numbering.is_sequential("lossy", [number]) for number in range(0, 5_000, 2))
    answers = [numbering.is_sequential("steps", [number]) for number in range(0, 50_000, 10)]
    assert not any(answers[10:])


def test_several_ingesters_hear_parts_of_a_sequence():
    """With eight shards, one id in eight is what each hears of a gateway that loses nothing."""
    numbering = Numbering(8)
    assert all(numbering.is_sequential("g", [number]) for number in range(0, 20_000, 8))
