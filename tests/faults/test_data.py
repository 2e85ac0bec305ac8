"""Rows 14–20: what gateways may send by mistake, by malice or by a bad clock."""

from __future__ import annotations

import json
import random
import struct
import time
from datetime import UTC, datetime

import cbor2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.faults.gateways import Line, eventually, payload_of, tell
from tests.faults.ledger import check

DAY_US = 86_400_000_000


@pytest.fixture
def line(ground, ledger):
    """A gateway that publishes what it is given; and an ingester that hears it."""
    (gateway,) = ground.gateways(1)
    with ground.ingester() as child:
        child.said("broker_connected")
        one = Line(ground.address, [gateway], ledger.acknowledge)
        one.gateway, one.child = gateway, child
        yield one
        one.close()


def now_us():
    return int(time.time()) * 1_000_000


def send(line, ledger, batch_id, rows, *, rejects=0, body=None):
    ledger.send(line.gateway, batch_id, rows, rejects=rejects)
    line.publish(line.gateway, body or payload_of(batch_id, rows))


def settle(ledger):
    eventually(lambda: not ledger.outstanding(), "everything is acknowledged")


def reasons(ground, gateway):
    rows = ground.execute(
        "SELECT reason, sum(reading_count)::int FROM quarantine WHERE gateway = %s GROUP BY 1", gateway
    )
    return dict(rows)


def readings(ground, gateway):
    return ground.execute(
        "SELECT s.name, (extract(epoch FROM ts) * 1000000)::bigint, value, flag, state FROM reading"
        " JOIN sensor s ON s.id = sensor_id JOIN gateway g ON g.id = s.gateway_id WHERE g.code = %s"
        " ORDER BY 1, 2",
        gateway,
    )


def test_row_14_order_does_not_matter(ground, ledger, seed):
    """30 % duplicates, out of order, 30 days late: the stored set is that of the sorted stream."""
    generator = random.Random(seed)  # noqa: S311 # disorder, not a secret
    sorted_one, shuffled_one = ground.gateways(2)
    end_us = now_us()
    rows = [
        ("a", end_us - number * 600_000_000, round(generator.uniform(0, 50), 2)) for number in range(4_320)
    ]
    rows.reverse()  # 30 days, a reading each ten minutes
    batches = [rows[first : first + 20] for first in range(0, len(rows), 20)]
    disorder = [generator.sample(batch, len(batch)) for batch in batches]
    disorder += generator.sample(disorder, len(disorder) * 3 // 10)
    generator.shuffle(disorder)
    with ground.ingester() as child:
        child.said("broker_connected")
        for gateway, stream in ((sorted_one, batches), (shuffled_one, disorder)):
            one = Line(ground.address, [gateway], ledger.acknowledge)
            for batch_id, batch in enumerate(stream):
                ledger.send(gateway, batch_id, batch)
                one.publish(gateway, payload_of(batch_id, batch))
            settle(ledger)
            one.close()
    assert readings(ground, sorted_one) == readings(ground, shuffled_one)
    assert [row[1:3] for row in readings(ground, sorted_one)] == [row[1:] for row in rows]
    (duplicate,) = ground.execute(
        "SELECT sum(duplicate)::int FROM accounting WHERE gateway = %s", shuffled_one
    )
    assert duplicate[0] == len(batches) * 3 // 10 * 20


def test_row_14_control(ground, line, ledger):
    """The comparison sees one reading that is missing and one that differs."""
    first = ("a", now_us() - DAY_US, 1.0)
    send(line, ledger, 1, [first])
    settle(ledger)
    ledger.send(line.gateway, 1, ())
    ledger.rows[line.gateway, 1] = (first, ("a", first[1] + 1_000_000, 1.0))
    assert set(check(ledger, ground.dsn, [line.gateway]).faults()) == {"missing"}


def moments():
    """(what `t` says, the reason it is refused for or None)."""
    now_s = int(time.time())
    return [
        (now_s - 60, None),
        (now_s + 60, None),
        (now_s + 3_600, "future"),
        (now_s * 1_000, "future"),
        (now_s - 399 * 86_400, None),
        (now_s - 401 * 86_400, "ancient"),
        (0, "ancient"),
        (-1, "ancient"),
        (datetime.fromtimestamp(now_s - 120, UTC).isoformat(), None),
        (datetime.fromtimestamp(now_s - 180, UTC).strftime("%Y-%m-%dT%H:%M:%S"), "malformed"),
        ("2016-12-31T23:59:60Z", "malformed"),
        ("0001-01-01T00:00:00Z", "ancient"),
        ("9999-12-31T23:59:59Z", "future"),
        ("yesterday", "malformed"),
        (True, "malformed"),
        (None, "malformed"),
    ]


def test_row_15_times(ground, line, ledger):
    """Accepted inside the window only; each refusal is in quarantine with its reason."""
    wanted = {}
    for batch_id, (t, reason) in enumerate(moments()):
        body = json.dumps({"id": batch_id, "r": [{"s": "a", "t": t, "v": float(batch_id)}]}).encode()
        ledger.send(line.gateway, batch_id, (), rejects=int(reason is not None))
        line.publish(line.gateway, body)
        if reason is not None:
            wanted[reason] = wanted.get(reason, 0) + 1
    settle(ledger)
    assert reasons(ground, line.gateway) == wanted
    accepted = [float(number) for number, (_, reason) in enumerate(moments()) if reason is None]
    assert sorted(row[2] for row in readings(ground, line.gateway)) == accepted


@pytest.mark.parametrize("skew_s", [-7_200, 0, 120])
def test_row_16_clock_skew(ground, line, ledger, skew_s):
    """A gateway whose clock is wrong is shown as that; its neighbour here, with skew 0, is the control."""
    send(line, ledger, 1, [("a", now_us() + skew_s * 1_000_000, 1.0)])
    settle(ledger)
    ((shown,),) = ground.execute("SELECT clock_skew_s FROM gateway_seen WHERE gateway = %s", line.gateway)
    assert abs(shown + skew_s) < 60


def test_row_16_two_hours_ahead(ground, line, ledger):
    """Beyond the window nothing is stored, but the skew is shown all the same."""
    ledger.send(line.gateway, 1, (), rejects=1)
    line.publish(line.gateway, payload_of(1, [("a", now_us() + 7_200_000_000, 1.0)]))
    settle(ledger)
    ((shown,),) = ground.execute("SELECT clock_skew_s FROM gateway_seen WHERE gateway = %s", line.gateway)
    assert abs(shown + 7_200) < 60
    assert reasons(ground, line.gateway) == {"future": 1}


def reading(text):
    """A message with one reading of that value or field text, and one good neighbour."""
    return b'{"id":%d,"r":[{"s":"a","t":%d,"v":1.5},{"s":"b","t":%d,' + text + b"}]}"


# (name, message; the neighbour inside it is kept)
WITH_NEIGHBOUR = {
    "1e999": reading(b'"v":1e999'),
    "boolean": reading(b'"v":true'),
    "null": reading(b'"v":null'),
    "text": reading(b'"v":"12.5"'),
    "nul": reading(b'"v":1,"s":"b\\u0000"'),
    "long integer": reading(b'"v":' + b"9" * 5_000),
    "no value": reading(b'"x":1'),
}
# (name, message; nothing in it can be read)
WHOLE = {
    "nan": b'{"r":[{"s":"a","t":1764000000,"v":NaN}]}',
    "infinity": b'{"r":[{"s":"a","t":1764000000,"v":-Infinity}]}',
    "bad utf-8": b'{"r":[{"s":"\xff\xfe","t":1764000000,"v":1}]}',
    "deep": b"[" * 100_000,
    "deep field": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b',"r":[]}',
    "many keys": b"{" + b",".join(b'"k%d":1' % number for number in range(20_000)) + b"}",
    "large": b'{"x":"' + b"x" * 900_000 + b'"}',
    "empty": b"",
    "cbor": cbor2.dumps({"id": 1, "r": [{"s": "a", "t": 1.0, "v": float("nan")}]}),
    "cbor bomb": b"\x9b" + struct.pack(">Q", 2**60),
    "sparkplug": bytes(range(256)) * 4,
}


def test_row_17_poison_beside_good_readings(ground, line, ledger):
    """The bad reading leaves by itself: its neighbour in the same message is stored."""
    for number, (name, body) in enumerate(WITH_NEIGHBOUR.items(), start=1):
        t_s = now_us() // 1_000_000 - number * 60
        ledger.send(line.gateway, number, [("a", t_s * 1_000_000, 1.5)], rejects=1)
        line.publish(line.gateway, body % (number, t_s, t_s))
        eventually(lambda number=number: (line.gateway, number) in ledger.acked(), name, 20.0)
    assert check(ledger, ground.dsn, [line.gateway]).faults() == {}
    assert line.child.alive


def test_row_17_poison_between_good_messages(ground, line, ledger):
    """A message that cannot be read is set aside, once, and the messages around it are stored."""
    before_s = line.child.cpu_s
    for number, (name, body) in enumerate(WHOLE.items()):
        rows = [("a", now_us() - DAY_US + number * 1_000_000, 1.0)]
        send(line, ledger, number, rows, rejects=1)
        line.publish(line.gateway, body)
        held = number + 1
        eventually(lambda held=held: sum(reasons(ground, line.gateway).values()) >= held, name, 20.0)
    send(line, ledger, 1_000, [("b", now_us() - DAY_US, 1.0)])
    settle(ledger)
    tell(f"row 17: {line.child.cpu_s - before_s:.2f} s of processor time for {len(WHOLE)} payloads")
    assert check(ledger, ground.dsn, [line.gateway]).faults() == {}
    assert line.child.alive


def test_row_17_control(ground, line, ledger):
    """A poison that left no trace would be seen: the ledger expects one more than the quarantine holds."""
    send(line, ledger, 1, [("a", now_us() - DAY_US, 1.0)], rejects=1)
    settle(ledger)
    assert set(check(ledger, ground.dsn, [line.gateway]).faults()) == {"unexplained"}


def fuzzed(ground, line, ledger, count):
    """Send random payloads, each followed by a good batch that has to be stored."""
    number = iter(range(1, 10**9))

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.one_of(
            st.binary(max_size=300),
            st.recursive(
                st.none() | st.booleans() | st.floats() | st.text(max_size=8),
                lambda inner: (
                    st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("idrstvuq"), inner)
                ),
                max_leaves=20,
            ).map(lambda value: json.dumps(value).encode()),
        )
    )
    def one(payload):
        line.publish(line.gateway, payload)
        batch_id = 10**12 + next(number)
        send(line, ledger, batch_id, [("b", now_us() - DAY_US + batch_id % 10**6 * 1_000_000, 2.0)])

    one()
    settle(ledger)
    faults = check(ledger, ground.dsn, [line.gateway]).faults()
    # How many of the random payloads are refused is not known beforehand, nor which ids they name.
    assert set(faults) <= {"unexplained", "strangers"}
    assert all(reason for reason, _ in reasons(ground, line.gateway).items())
    assert line.child.alive


def test_row_17_fuzz(ground, line, ledger):
    fuzzed(ground, line, ledger, 300)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_row_17_full(ground, line, ledger):
    fuzzed(ground, line, ledger, 30_000)


def test_row_18_units(ground, line, ledger):
    """What converts is converted; what does not is set aside."""
    ground.sensor(line.gateway, "t", "air_temperature", "Cel")
    ground.sensor(line.gateway, "p", "pm25", "ug/m3")
    t_s = now_us() // 1_000_000 - 60
    time.sleep(1.0)
    readings_sent = [
        {"s": "t", "t": t_s, "v": 212.0, "u": "[degF]"},
        {"s": "p", "t": t_s, "v": 1.0, "u": "kg"},
        {"s": "p", "t": t_s + 1, "v": 5.0, "u": "ug/m3"},
    ]
    stored = [("t", t_s * 1_000_000, 100.0), ("p", (t_s + 1) * 1_000_000, 5.0)]
    body = json.dumps({"id": 1, "r": readings_sent}).encode()
    eventually(lambda: ground.execute("SELECT 1 FROM sensor WHERE name = 'p'"), "registered")
    send(line, ledger, 1, stored, rejects=1, body=body)
    settle(ledger)
    assert [row[:2] for row in readings(ground, line.gateway)] == [row[:2] for row in sorted(stored)]
    assert [round(row[2], 6) for row in readings(ground, line.gateway)] == [5.0, 100.0]
    assert reasons(ground, line.gateway) == {"unit": 1}


def test_row_19_unknown_sensor_then_registered(ground, line, ledger):
    """Kept while nobody knows the sensor; stored once, with its own times, when somebody registers it."""
    rows = [("later", now_us() - DAY_US + number * 1_000_000, float(number)) for number in range(5)]
    for batch_id in (1, 2):  # the same readings twice: they must not appear twice
        send(line, ledger, batch_id, rows)
    settle(ledger)
    # The control: until it is registered, the checker misses every reading that was acknowledged.
    assert len(check(ledger, ground.dsn, [line.gateway]).missing) == len(rows)
    assert set(reasons(ground, line.gateway)) == {"unknown_sensor"}
    ground.sensor(line.gateway, "later")
    eventually(lambda: ground.stored_count([line.gateway]) == len(rows), "the replay")
    assert [row[:3] for row in readings(ground, line.gateway)] == rows
    report = check(ledger, ground.dsn, [line.gateway])
    assert not report.missing
    assert not report.extra
    (status,) = ground.execute("SELECT DISTINCT status FROM quarantine WHERE gateway = %s", line.gateway)
    assert status == ("replayed",)


def test_row_20_conflicting_value(ground, line, ledger):
    """The first value stays, the second is visible as a conflict; the same value is a duplicate."""
    ts_us = now_us() - DAY_US
    send(line, ledger, 1, [("a", ts_us, 1.0)])
    settle(ledger)
    ledger.send(line.gateway, 2, (), rejects=1)
    line.publish(line.gateway, payload_of(2, [("a", ts_us, 2.0)]))
    send(line, ledger, 3, [("a", ts_us, 1.0)])
    settle(ledger)
    assert check(ledger, ground.dsn, [line.gateway]).faults() == {}
    assert reasons(ground, line.gateway) == {"conflict": 1}
    ((duplicate, conflict),) = ground.execute(
        "SELECT sum(duplicate)::int, sum(conflict)::int FROM accounting WHERE gateway = %s", line.gateway
    )
    assert (duplicate, conflict) == (1, 1)
