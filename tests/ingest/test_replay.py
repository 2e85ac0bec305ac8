"""What waits in quarantine becomes readings once somebody registers it, exactly once and with its account."""

from __future__ import annotations

import time

from tests.ingest.conftest import eventually

NOW = float(int(time.time()) - 3600)


def open_rows(registry) -> int:
    return registry.rows("SELECT count(*) FROM quarantine WHERE status = 'open'")[0][0]


def test_an_unknown_sensor_is_replayed_when_it_is_registered(registry, ingester, publisher, gateway_code):
    """Original times and receptions, once each, and the account moved from quarantined."""
    gateway = gateway_code
    registry.gateway(gateway)
    registry.sensor(gateway, "a")
    ingester(replay_chunk_rows=3)
    sender = publisher(gateway)
    for batch_id in range(10):
        sender.readings(
            batch_id, ("a", NOW + batch_id, 1.0), ("late", NOW + batch_id, float(batch_id)), u="ug/m3"
        )
    sender.readings(10, ("late", NOW, 0.0), ("late", NOW + 1, 99.0), ("late", NOW + 50, 5.0))
    sender.wait(*range(11))
    before = registry.rows("SELECT max(received_at) FROM quarantine")[0][0]
    assert registry.account(gateway) == {"messages": 11, "received": 23, "stored": 10, "quarantined": 13}
    time.sleep(0.05)
    registry.sensor(gateway, "late")
    eventually(lambda: registry.account(gateway).get("quarantined") is None)
    late = [(ts - NOW, value) for code, ts, value, _, _ in registry.readings() if code.endswith("late")]
    assert late == [*((float(second), float(second)) for second in range(10)), (50.0, 5.0)]
    assert registry.account(gateway) == {
        "messages": 11,
        "received": 23,
        "stored": 21,
        "duplicate": 1,
        "conflict": 1,
    }
    assert open_rows(registry) == 1
    assert [row for row in registry.quarantine() if row[3] == "open"] == [("conflict", "late", 1, "open")]
    assert registry.rows("SELECT max(received_at) FROM reading")[0][0] <= before
    sender.acknowledged.clear()
    sender.readings(3, ("a", NOW + 3, 1.0), ("late", NOW + 3, 3.0))
    sender.wait(3)
    assert registry.account(gateway)["stored"] == 21


def test_an_unknown_gateway_is_replayed_step_by_step(registry, ingester, publisher, gateway_code):
    """Registered without its sensors it waits for them; then for each of them."""
    gateway = gateway_code
    ingester()
    sender = publisher(gateway)
    sender.readings(1, ("a", NOW, 1.0), ("b", NOW, 2.0))
    sender.wait(1)
    ((last,),) = registry.rows(
        "SELECT (last_value, last_unit, last_ts IS NOT NULL)::text FROM quarantine WHERE sensor = 'a'"
    )
    assert last == "(1,,t)"
    registry.gateway(gateway)
    eventually(lambda: {row[0] for row in registry.quarantine()} == {"unknown_sensor"})
    assert len(registry.quarantine()) == 2
    registry.sensor(gateway, "a")
    eventually(lambda: [row[2] for row in registry.readings()] == [1.0])
    eventually(
        lambda: registry.account(gateway) == {"messages": 1, "received": 2, "stored": 1, "quarantined": 1}
    )
    registry.sensor(gateway, "b")
    eventually(lambda: registry.account(gateway) == {"messages": 1, "received": 2, "stored": 2})
    assert [row[3] for row in registry.quarantine()] == ["replayed", "replayed"]


def test_what_could_not_be_guessed_is_read_as_the_registry_says(registry, ingester, publisher, gateway_code):
    """Bytes of an unknown gateway are kept, and counted as readings once they can be read."""
    gateway = gateway_code
    ingester()
    sender = publisher(gateway)
    sender.send({"ts": NOW, "deep": {"x": 1}})
    sender.send(b"\x01\x02")
    eventually(lambda: len(registry.quarantine()) == 2)
    registry.gateway(gateway, "plain")
    eventually(lambda: {row[0] for row in registry.quarantine()} == {"malformed"})
    sender.send({"ts": NOW + 1, "pm": 1.0, "rh": 2.0})
    eventually(lambda: registry.account(gateway).get("received") == 4)
    for name in ("pm", "rh"):
        registry.sensor(gateway, name)
    eventually(lambda: registry.account(gateway).get("stored") == 2)
    assert registry.account(gateway) == {"messages": 3, "received": 4, "stored": 2, "quarantined": 2}


def test_an_operator_can_ask_for_a_replay(registry, ingester, publisher, gateway_code):
    """After the accept window or the unit was corrected; what still fails stays open with its new reason."""
    gateway = gateway_code
    registry.gateway(gateway)
    registry.sensor(gateway, "a")
    ingester()
    sender = publisher(gateway)
    sender.readings(1, ("a", NOW - 500 * 86_400, 1.0))
    sender.readings(2, ("a", NOW - 600 * 86_400, 2.0), u="kg")
    sender.wait(1, 2)
    assert [row[0] for row in registry.quarantine()] == ["ancient", "unit"]
    registry.connection.execute("UPDATE gateway SET accept_past_s = 550 * 86400 WHERE code = %s", (gateway,))
    time.sleep(0.5)
    assert open_rows(registry) == 2
    registry.connection.execute("UPDATE quarantine SET replay_requested_at = now()")
    registry.connection.execute("SELECT pg_notify('nhip_replay', '')")
    eventually(lambda: [value for _, _, value, _, _ in registry.readings()] == [1.0])
    eventually(
        lambda: (
            registry.rows("SELECT count(*) FROM quarantine WHERE replay_requested_at IS NOT NULL")[0][0] == 0
        )
    )
    assert registry.account(gateway) == {"messages": 2, "received": 2, "stored": 1, "quarantined": 1}
    registry.connection.execute("UPDATE sensor SET unit = 'ug/m3', quantity = 'bin_weight'")
    registry.connection.execute("UPDATE quarantine SET replay_requested_at = now() WHERE status = 'open'")
    registry.connection.execute("SELECT pg_notify('nhip_replay', '')")
    eventually(lambda: {row[0] for row in registry.quarantine() if row[3] == "open"} == {"ancient"})
    assert registry.account(gateway) == {"messages": 2, "received": 2, "stored": 1, "quarantined": 1}


def test_what_an_operator_discards_is_never_replayed(registry, ingester, publisher, gateway_code):
    """A discarded row stays discarded when its sensor is registered."""
    gateway = gateway_code
    registry.gateway(gateway)
    ingester()
    sender = publisher(gateway)
    sender.readings(1, ("a", NOW, 1.0))
    sender.readings(2, ("a", NOW + 1, 2.0))
    sender.wait(1, 2)
    registry.connection.execute("UPDATE quarantine SET status = 'discarded' WHERE last_value = 1")
    registry.sensor(gateway, "a")
    eventually(lambda: open_rows(registry) == 0)
    assert [value for _, _, value, _, _ in registry.readings()] == [2.0]
    assert [row[3] for row in registry.quarantine()] == ["discarded", "replayed"]


def test_rows_that_arrive_while_their_sensor_is_registered_are_not_forgotten(
    registry, ingester, publisher, gateway_code
):
    """Registration in the middle of a stream leaves nothing behind."""
    gateway = gateway_code
    registry.gateway(gateway)
    ingester()
    sender = publisher(gateway)
    for batch_id in range(400):
        sender.readings(batch_id, ("a", NOW + batch_id, 1.0))
        if batch_id == 200:
            registry.sensor(gateway, "a")
    sender.wait(*range(400))
    eventually(lambda: registry.account(gateway) == {"messages": 400, "received": 400, "stored": 400})
    assert open_rows(registry) == 0
