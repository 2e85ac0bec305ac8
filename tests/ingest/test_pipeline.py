"""From the broker to the tables: what is stored, what is set aside, and that the account says it all."""

from __future__ import annotations

import json
import time

import psycopg
import pytest

from tests.ingest.conftest import eventually

NOW = float(int(time.time()) - 3600)


def test_readings_are_stored_flagged_converted_and_acknowledged(registry, ingester, publisher, gateway_code):
    """One batch with every optional field arrives whole, in the unit of its quantity."""
    gateway = gateway_code
    registry.gateway(gateway)
    registry.sensor(gateway, "pm")
    registry.sensor(gateway, "temp", "air_temperature", "Cel")
    registry.sensor(gateway, "kwh", "active_energy", "W.h")
    ingester()
    sender = publisher(gateway)
    sender.send(
        {
            "id": 7,
            "r": [
                {"s": "pm", "t": NOW, "v": 23.5},
                {"s": "pm", "t": NOW + 1, "v": 2001},
                {"s": "pm", "t": NOW + 2, "v": 0.0235, "u": "mg/m3", "q": 4, "d": "02"},
                {"s": "temp", "t": NOW, "v": 86, "u": "°F"},
                {"s": "kwh", "t": NOW, "v": 1500, "q": 2},
                {"s": f"{gateway}.pm", "t": NOW + 3, "v": 1},
            ],
        }
    )
    sender.wait(7)
    assert registry.readings() == [
        (f"{gateway}.kwh", NOW, 1.5, 1, 0),
        (f"{gateway}.pm", NOW, 23.5, 1, 0),
        (f"{gateway}.pm", NOW + 1, 2001.0, 3, 0),
        (f"{gateway}.pm", NOW + 2, 23.5, 4, 2),
        (f"{gateway}.pm", NOW + 3, 1.0, 1, 0),
        (f"{gateway}.temp", NOW, pytest.approx(30.0), 1, 0),
    ]
    assert registry.account(gateway) == {"messages": 1, "received": 6, "stored": 6}
    ((online, last_id, gaps, skew),) = registry.rows(
        "SELECT online, last_batch_id::int, id_count(missing), clock_skew_s"
        " FROM gateway_seen WHERE gateway = %s",
        gateway,
    )
    assert (online, last_id, gaps) == (None, 7, 0)
    assert 3500 < skew <= time.time() - NOW
    dirty = registry.rows("SELECT count(*), count(DISTINCT sensor_id) FROM dirty_hour")
    assert dirty[0][1] == 3


def test_poison_leaves_and_its_neighbours_stay(registry, ingester, publisher, gateway_code):
    """What cannot be read goes to quarantine with a reason and is acknowledged; the rest is stored."""
    gateway = gateway_code
    registry.gateway(gateway)
    registry.sensor(gateway, "a")
    ingester()
    sender = publisher(gateway)
    sender.readings(1, ("a", NOW, 1.0))
    sender.send(b"\xff\x00 not json")
    sender.send(b'{"id":2,"r":"x"}')
    sender.send(
        f'{{"id":3,"r":[{{"s":"a","t":{NOW + 1},"v":NaN}},{{"s":"a","t":{NOW + 2},"v":2}}]}}'.encode()
    )
    sender.send(
        f'{{"id":4,"r":[{{"s":"a","t":{NOW + 3},"v":"3"}},{{"s":"\\u0000","t":{NOW},"v":3}}]}}'.encode()
    )
    sender.send(b'{"id":5,"x":' + b"[" * 50_000)
    sender.send(b'{"id":6,"r":[]}')
    sender.readings(7, ("a", NOW + 4, 4.0))
    sender.wait(1, 2, 3, 4, 6, 7)
    eventually(lambda: registry.account(gateway).get("messages") == 8)
    assert [(ts - NOW, value) for _, ts, value, _, _ in registry.readings()] == [(0, 1.0), (2, 2.0), (4, 4.0)]
    assert sorted(registry.quarantine(), key=str) == [
        ("malformed", "a", 1, "open"),
        ("malformed", None, 1, "open"),
        ("malformed", None, 1, "open"),
        ("malformed", None, 1, "open"),
        ("malformed", None, 1, "open"),
        ("not_finite", "a", 1, "open"),
    ]
    assert registry.account(gateway) == {"messages": 8, "received": 9, "stored": 3, "quarantined": 6}
    ((payload, detail),) = registry.rows("SELECT payload, detail FROM quarantine ORDER BY id LIMIT 1")
    assert (payload, detail[:8]) == (b"\xff\x00 not json", "payload:")


def test_the_first_value_wins(registry, ingester, publisher, gateway_code):
    """The same value again is a duplicate, another one a conflict, within a batch as between batches."""
    gateway = gateway_code
    registry.gateway(gateway)
    registry.sensor(gateway, "a")
    ingester()
    sender = publisher(gateway)
    sender.readings(1, ("a", NOW, 1.0), ("a", NOW + 1, 2.0), ("a", NOW, 1.0), ("a", NOW + 1, 2.5))
    sender.wait(1)
    sender.readings(2, ("a", NOW + 1, 2.0), ("a", NOW, 9.0), ("a", NOW + 2, 3.0), ("a", NOW, 9.0))
    sender.wait(2)
    sender.readings(3, ("a", NOW - 1, 0.0))
    sender.wait(3)
    assert [value for _, _, value, _, _ in registry.readings()] == [0.0, 1.0, 2.0, 3.0]
    assert registry.account(gateway) == {
        "messages": 3,
        "received": 9,
        "stored": 4,
        "duplicate": 2,
        "conflict": 3,
    }
    details = registry.rows(
        "SELECT detail, reading_count FROM quarantine WHERE reason = 'conflict' ORDER BY id"
    )
    assert details == [("stored 2.0, sent 2.5", 1), ("stored 1.0, sent 9.0", 2)]


def test_a_batch_sent_again_is_acknowledged_again_and_changes_nothing(
    registry, ingester, publisher, gateway_code
):
    """A resend, quarantine included, only counts duplicates."""
    gateway = gateway_code
    registry.gateway(gateway)
    registry.sensor(gateway, "a")
    ingester()
    sender = publisher(gateway)
    for _ in range(2):
        sender.acknowledged.clear()
        sender.readings(1, ("a", NOW, 1.0), ("nobody", NOW, 5.0))
        sender.wait(1)
    assert len(registry.readings()) == 1
    assert registry.quarantine() == [("unknown_sensor", "nobody", 1, "open")]
    assert registry.account(gateway) == {
        "messages": 2,
        "received": 4,
        "stored": 1,
        "quarantined": 1,
        "duplicate": 2,
    }


def test_each_reason_is_told(registry, ingester, publisher, gateway_code):
    """Wrong times, units without conversion, foreign and retired sensors each leave with a reason."""
    gateway, other = gateway_code, f"{gateway_code}-b"
    registry.gateway(gateway)
    registry.gateway(other)
    registry.sensor(gateway, "a")
    registry.sensor(gateway, "old")
    registry.sensor(other, "b")
    registry.connection.execute("UPDATE sensor SET retired_at = now() WHERE name = 'old'")
    ingester(payload_bytes_max=2_000)
    sender = publisher(gateway)
    now = time.time()
    sender.send(
        {
            "id": 1,
            "r": [
                {"s": "a", "t": now + 310, "v": 1},
                {"s": "a", "t": now - 401 * 86_400, "v": 1},
                {"s": "a", "t": now * 1000, "v": 1},
                {"s": "a", "t": "0001-01-01T00:00:00Z", "v": 1},
                {"s": "a", "t": now, "v": 1, "u": "kg"},
                {"s": "a", "t": now, "v": 1, "u": "smoots"},
                {"s": "a", "t": now, "v": 1e308, "u": "g/m3"},
                {"s": f"{other}.b", "t": now, "v": 1},
                {"s": "b", "t": now, "v": 1},
                {"s": "old", "t": now, "v": 1},
                {"s": "a", "t": now, "v": 1},
            ],
        }
    )
    sender.send(b'{"id":2,"r":[' + b" " * 3_000 + b"]}")
    sender.wait(1)
    eventually(lambda: registry.account(gateway).get("messages") == 2)
    assert {(reason, sensor): count for reason, sensor, count, _ in registry.quarantine()} == {
        ("future", "a"): 2,
        ("ancient", "a"): 2,
        ("unit", "a"): 2,
        ("not_finite", "a"): 1,
        ("foreign_sensor", f"{other}.b"): 1,
        ("unknown_sensor", "b"): 1,
        ("retired", "old"): 1,
        ("too_large", None): 1,
    }
    assert registry.account(gateway) == {"messages": 2, "received": 12, "stored": 1, "quarantined": 11}
    assert registry.account(other) == {}


def test_an_archive_accepts_the_past_from_1970(registry, ingester, publisher, gateway_code):
    """A gateway of history stores a reading of 2014 and of 1970, and refuses one of 1969."""
    gateway = gateway_code
    registry.gateway(gateway, archive=True)
    registry.sensor(gateway, "a")
    ingester()
    sender = publisher(gateway)
    sender.readings(1, ("a", 1_400_000_000, 1.0), ("a", 0, 2.0), ("a", -1, 3.0))
    sender.wait(1)
    assert [ts for _, ts, _, _, _ in registry.readings()] == [0, 1_400_000_000]
    assert registry.quarantine() == [("ancient", "a", 1, "open")]


def test_a_row_that_the_database_refuses_is_found_and_set_aside(registry, ingester, publisher, gateway_code):
    """Poison that only the database knows is bisected out; its thousand neighbours are stored."""
    gateway = gateway_code
    registry.gateway(gateway)
    registry.sensor(gateway, "a")
    registry.connection.execute("ALTER TABLE reading ADD CONSTRAINT not_13 CHECK (value <> 13)")
    ingester()
    sender = publisher(gateway)
    sender.readings(1, *(("a", NOW - second, 13.0 if second in {5, 700} else 1.0) for second in range(1000)))
    sender.wait(1)
    assert registry.account(gateway) == {"messages": 1, "received": 1000, "stored": 998, "quarantined": 2}
    assert registry.quarantine() == [("refused", "a", 2, "open")]


def test_the_registry_chooses_the_decoder(registry, ingester, publisher, gateway_code):
    """The same broker, two gateways, two formats; what a format cannot say is set aside in its own words."""
    flat, senml = gateway_code, f"{gateway_code}-s"
    registry.gateway(flat, "plain")
    registry.sensor(flat, "pm25")
    registry.gateway(senml, "senml_json")
    registry.sensor(senml, "dev/a")
    ingester()
    publisher(flat).send({"ts": NOW, "pm25": 12.3, "temp": 28})
    timeless = [{"n": "dev/a", "v": 1}]
    publisher(senml).send([{"bn": "dev/", "bt": NOW, "n": "a", "v": 21.5}])
    publisher(senml).send(timeless)
    eventually(lambda: len(registry.quarantine()) == 2)
    assert set(registry.readings()) == {
        (f"{flat}.pm25", NOW, 12.3, 1, 0),
        (f"{senml}.dev/a", NOW, 21.5, 1, 0),
    }
    ((reason, payload),) = registry.rows("SELECT reason, payload FROM quarantine WHERE gateway = %s", senml)
    assert (reason, json.loads(payload)) == ("malformed", timeless)


def test_a_format_that_nobody_knows_keeps_its_bytes(registry, ingester, publisher, gateway_code):
    """A newer registry may name a format that this ingester does not have yet."""
    registry.gateway(gateway_code, "format_of_tomorrow")
    ingester()
    publisher(gateway_code).send(b"\x01\x02")
    eventually(registry.quarantine)
    assert registry.rows("SELECT reason, payload FROM quarantine") == [("unsupported_format", b"\x01\x02")]


def test_status_is_kept_and_nonsense_in_it_is_harmless(registry, ingester, publisher, gateway_code):
    """Birth and last will set `online`; what cannot be read changes nothing."""
    gateway = gateway_code
    registry.gateway(gateway)
    ingester()
    sender = publisher(gateway)

    def seen() -> object:
        rows = registry.rows("SELECT online, status->>'fw' FROM gateway_seen WHERE gateway = %s", gateway)
        return rows[0] if rows else None

    sender.send({"online": True, "fw": "1.2", "deep": {"x": [1]}}, "status", retain=True)
    eventually(lambda: seen() == (True, "1.2"))
    for nonsense in (b"", b"[" * 9_000, b'{"online":"yes"}', b"\xff", b'{"online":1}'):
        sender.send(nonsense, "status")
    sender.send(b'{"online":false,"fw":"\\u0000"}', "status")
    eventually(lambda: seen() == (False, None))
    assert registry.account(gateway) == {}


def test_skipped_batch_ids_are_counted(registry, ingester, publisher, gateway_code):
    """Ids 4 and 6 never came; a resend is no gap, nor is a gateway that numbers by time."""
    gateway = gateway_code
    registry.gateway(gateway)
    registry.sensor(gateway, "a")
    ingester()
    sender = publisher(gateway)
    for batch_id in (3, 5, 7, 5, 10**15):
        sender.acknowledged.clear()
        sender.readings(batch_id, ("a", NOW + batch_id % 100, 1.0))
        sender.wait(batch_id)
    ((gaps, last),) = registry.rows(
        "SELECT id_count(missing), last_batch_id FROM gateway_seen WHERE gateway = %s", gateway
    )
    assert (gaps, last) == (2, 10**15)


def test_quarantine_has_a_cap_per_gateway_and_day(registry, ingester, publisher, gateway_code):
    """Beyond the cap readings are rejected: counted and acknowledged, not kept."""
    gateway = gateway_code
    registry.gateway(gateway)
    ingester(quarantine_rows_day_max=3)
    sender = publisher(gateway)
    for batch_id in range(6):
        sender.readings(batch_id, ("x", NOW + batch_id, 1.0), ("y", NOW + batch_id, 1.0))
        sender.wait(batch_id)
    sender.acknowledged.clear()
    sender.readings(0, ("x", NOW, 1.0), ("y", NOW, 1.0))
    sender.wait(0)
    assert len(registry.quarantine()) == 3
    assert registry.account(gateway) == {
        "messages": 7,
        "received": 14,
        "quarantined": 3,
        "rejected": 9,
        "duplicate": 2,
    }


def test_a_message_with_very_many_unknown_names_makes_few_rows(registry, ingester, publisher, gateway_code):
    """The quarantine cannot be flooded by inventing names."""
    gateway = gateway_code
    registry.gateway(gateway)
    ingester(quarantine_groups_max=10)
    sender = publisher(gateway)
    sender.readings(1, *((f"x{number}", NOW, 1.0) for number in range(500)))
    sender.wait(1)
    assert registry.quarantine() == [("unknown_sensor", None, 500, "open")]


def test_a_gateway_name_against_the_rules_is_set_aside(registry, ingester, publisher):
    """A topic outside the contract is told as such."""
    ingester()
    sender = publisher("GW_Ünicode")
    sender.readings(1, ("a", NOW, 1.0))
    eventually(lambda: registry.quarantine() == [("malformed", None, 1, "open")])
    ((detail,),) = registry.rows("SELECT detail FROM quarantine")
    assert detail.startswith("topic: found gateway")


def test_the_ingest_role_cannot_change_readings(role_dsn):
    """First value wins in the grants as well."""
    with (
        psycopg.connect(role_dsn("nhip_ingest")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("UPDATE reading SET value = 0")
