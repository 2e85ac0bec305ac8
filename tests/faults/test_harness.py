"""The harness itself: schedules repeat, and the checker finds what it is there to find."""

from __future__ import annotations

import pytest

from tests.faults.ledger import Ledger, check
from tests.faults.schedule import SEED_VARIABLE, schedule, seed_of

PARTS = ("ingester", "broker", "postgres")


def test_the_same_seed_gives_the_same_schedule():
    """A failure can be repeated from the seed that it printed."""
    first = schedule(7, PARTS, 30, after_s_max=2.0, down_s_max=1.0)
    assert first == schedule(7, PARTS, 30, after_s_max=2.0, down_s_max=1.0)
    assert first != schedule(8, PARTS, 30, after_s_max=2.0, down_s_max=1.0)
    assert {strike.part for strike in first[:3]} == set(PARTS)


def test_the_seed_comes_from_the_option_then_from_the_environment(monkeypatch):
    monkeypatch.setenv(SEED_VARIABLE, "5")
    assert seed_of("6") == 6
    assert seed_of(None) == 5
    monkeypatch.delenv(SEED_VARIABLE)
    assert seed_of(None) >= 0


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM reading", {"missing", "unbalanced"}),
        ("UPDATE reading SET value = value + 1", {"missing", "extra"}),
        ("UPDATE accounting SET received = received + 1, duplicate = duplicate + 1, stored = stored", set()),
        ("UPDATE accounting SET received = received + 1, stored = stored + 1", {"unbalanced"}),
        ("UPDATE accounting SET received = received + 1, rejected = rejected + 1", {"unbalanced"}),
        ("DELETE FROM quarantine", {"unbalanced", "unexplained"}),
        ("UPDATE quarantine SET reason = ''", {"unexplained"}),
    ],
)
def test_the_checker_finds_damage(ground, damage, found):
    """Negative control of the checker: a table that holds what was promised, then damaged."""
    (gateway,) = ground.gateways(1)
    ledger = Ledger()
    ledger.send(gateway, 1, [("a", 1_764_000_000_000_000, 1.0)], rejects=1)
    ledger.acknowledge(gateway, [1])
    ground.execute("SELECT ensure_reading_partitions(to_timestamp(1764000000), to_timestamp(1764000000))")
    ground.execute(
        "INSERT INTO reading SELECT to_timestamp(1764000000), now(), 1, s.id, 1, 0 FROM sensor s"
        " JOIN gateway g ON g.id = gateway_id WHERE g.code = %s AND s.name = 'a'",
        gateway,
    )
    ground.execute(
        "INSERT INTO accounting (gateway, hour, messages, received, stored, quarantined)"
        " VALUES (%s, date_trunc('hour', now()), 1, 2, 1, 1)",
        gateway,
    )
    ground.execute(
        "INSERT INTO quarantine (gateway, topic, payload_format, reason, reading_count, payload, digest)"
        " VALUES (%s, '', 'native', 'unit', 1, '', sha256(%s::text::bytea))",
        gateway,
        gateway,
    )
    assert check(ledger, ground.dsn, [gateway]).faults() == {}
    where = {
        "reading": "sensor_id IN (SELECT s.id FROM sensor s JOIN gateway g ON g.id = gateway_id"
        " WHERE g.code = %s)"
    }
    table = next(name for name in ("reading", "accounting", "quarantine") if f" {name}" in damage)
    ground.execute(f"{damage} WHERE {where.get(table, 'gateway = %s')}", gateway)
    assert set(check(ledger, ground.dsn, [gateway]).faults()) == found
