"""Rows 28–31: who is who at a broker that admits nobody without a credential, as the deployed ones do."""

from __future__ import annotations

import queue
import sys
import time

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.conftest import scratch_folder
from tests.faults.gateways import Fleet, Line, eventually, payload_of, tell
from tests.faults.ledger import check
from tests.faults.stack import Ground, Process
from tests.faults.test_kill import wait_for_acks


@pytest.fixture(scope="module")
def _closed():
    with scratch_folder("closed") as folder, Ground(folder, anonymous=False) as made:
        yield made


@pytest.fixture
def closed(_closed):
    """A broker that knows its gateways."""
    with _closed.without_session():
        yield _closed


class Client:
    """A client with an account, whose answers are read one by one; it does not come back by itself."""

    def __init__(self, ground, name, account, protocol=mqtt.MQTTv5):
        self.connects, self.disconnects, self.answers = queue.Queue(), queue.Queue(), queue.Queue()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=protocol, reconnect_on_failure=False
        )
        self.client.username_pw_set(*account)
        self.client.on_connect = lambda _c, _u, _f, reason, _p: self.connects.put(reason)
        self.client.on_disconnect = lambda *_: self.disconnects.put(time.monotonic())
        self.client.on_publish = lambda _c, _u, _m, reason, _p: self.answers.put(reason.getName())
        self.client.connect(*ground.address)
        self.client.loop_start()
        self.refused = self.connects.get(timeout=20).is_failure

    def publish(self, topic, body):
        self.client.publish(topic, body, qos=1)
        return self.answers.get(timeout=20)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


def now_us():
    return int(time.time()) * 1_000_000 - 3_600_000_000


def spoof(ground, ledger, protocol):
    """Publish under another gateway's name, then properly; return victim, thief and the broker's answer."""
    victim, thief = ground.gateways(2)
    password = ground.broker.grant(thief)
    with ground.ingester() as child:
        child.said("broker_connected")
        client = Client(ground, thief, (thief, password), protocol)
        answer = client.publish(f"nhip/v1/{victim}/data", payload_of(1, [("a", now_us(), 1.0)]))
        client.close()
        line = Line(ground.address, [thief], ledger.acknowledge, account=(thief, password))
        ledger.send(thief, 2, [("a", now_us(), 2.0)])
        line.publish(thief, payload_of(2, [("a", now_us(), 2.0)]))
        eventually(lambda: not ledger.outstanding(), "the thief's own batch, which came after")
        line.close()
    return victim, thief, answer


@pytest.mark.parametrize("protocol", [mqtt.MQTTv311, mqtt.MQTTv5])
def test_row_28_spoofed_topic(closed, ledger, protocol):
    """The broker drops it; only MQTT 5 tells the client."""
    victim, thief, answer = spoof(closed, ledger, protocol)
    assert closed.stored_count([victim]) == 0
    assert closed.stored_count([thief]) == 1
    if protocol == mqtt.MQTTv5:
        assert answer == "Not authorized"


def test_row_28_control(closed):
    """With open access rules the same message is stored under the victim's name."""
    victim, thief = closed.gateways(2)
    password = closed.broker.grant(thief)
    kept = closed.broker.access_file.read_text(encoding="utf-8")
    closed.broker.access_file.write_text(f"{kept}\npattern readwrite nhip/#\n", encoding="utf-8")
    closed.broker.reload()
    time.sleep(0.5)
    with closed.ingester() as child:
        child.said("broker_connected")
        client = Client(closed, thief, (thief, password))
        client.publish(f"nhip/v1/{victim}/data", payload_of(1, [("a", now_us(), 1.0)]))
        eventually(lambda: closed.stored_count([victim]) == 1, "stored under a false name")
        client.close()
    closed.broker.access_file.write_text(kept, encoding="utf-8")
    closed.broker.reload()


def test_row_28_payload_identity(closed, ledger):
    """A payload that names another gateway's sensor is set aside, not stored for anybody."""
    victim, thief = closed.gateways(2)
    closed.sensor(victim, "own")
    password = closed.broker.grant(thief)
    with closed.ingester() as child:
        child.said("broker_connected")
        line = Line(closed.address, [thief], ledger.acknowledge, account=(thief, password))
        for batch_id, name in ((1, f"{victim}.own"), (2, "own")):
            ledger.send(thief, batch_id, (), rejects=1)
            line.publish(thief, payload_of(batch_id, [(name, now_us(), 1.0)]))
        eventually(lambda: not ledger.outstanding(), "acknowledged: the quarantine has them")
        line.close()
    assert closed.stored_count([victim, thief]) == 0
    assert check(ledger, closed.dsn, [thief]).faults() == {}


def take_over(ground, account):
    """Connect with the ingester's client id; say whether the ingester was thrown out."""
    with ground.ingester() as child:
        child.said("broker_connected")
        client = Client(ground, "nhip-ingest", account)
        time.sleep(1.5)
        client.close()
        return any("broker_disconnected" in line for line in child.lines)


def test_row_29_client_id_take_over(closed):
    """The user name is the client id: a gateway that claims the ingester's does not get it."""
    (gateway,) = closed.gateways(1)
    assert not take_over(closed, (gateway, closed.broker.grant(gateway)))


def test_row_29_control(ground):
    """A broker that believes client ids throws the ingester out."""
    (gateway,) = ground.gateways(1)
    assert take_over(ground, (gateway, ground.broker.grant(gateway)))


@pytest.fixture
def reconciled(closed, tmp_path):
    """`nhip broker sync` beside the broker; gives a function that gives a gateway a password."""
    from domain.credentials import broker_password_hash, new_password

    secret = tmp_path / "service"
    secret.write_text(closed.broker.password, encoding="utf-8")
    command = [sys.executable, "-m", "nhip", "broker", "sync", "--signal-pid", str(closed.broker.pid)]
    command += [
        "--password-file",
        str(closed.broker.password_file),
        "--acl-file",
        str(closed.broker.access_file),
    ]
    command += ["--service-password-file", str(secret)]

    def credential(gateway):
        password = new_password()
        closed.execute(
            "INSERT INTO gateway_credential (gateway_id, username, password_hash)"
            " SELECT id, code, %s FROM gateway WHERE code = %s",
            broker_password_hash(password),
            gateway,
        )
        return password

    with Process(command, {"NHIP_STORE_DSN": closed.dsn}):
        yield credential


def admitted(ground, gateway, password):
    client = Client(ground, gateway, (gateway, password))
    client.close()
    return not client.refused


def revoke(ground, gateway):
    """What the API does for `nhip gateway revoke`."""
    ground.execute("UPDATE gateway SET retired_at = now() WHERE code = %s", gateway)
    ground.execute("UPDATE gateway_credential SET revoked_at = now() WHERE username = %s", gateway)


def test_row_30_revoked(closed, reconciled):
    """The live session ends and the password is refused; a neighbour's session, the control, stays."""
    gateway, neighbour = closed.gateways(2)
    passwords = {code: reconciled(code) for code in (gateway, neighbour)}
    for code, password in passwords.items():
        eventually(lambda code=code, password=password: admitted(closed, code, password), "admitted")
    live = {code: Client(closed, code, (code, password)) for code, password in passwords.items()}
    revoked_s = time.monotonic()
    revoke(closed, gateway)
    ended_s = live[gateway].disconnects.get(timeout=20) - revoked_s
    tell(f"row 30: the live session ended {ended_s:.2f} s after the revocation")
    assert not admitted(closed, gateway, passwords[gateway])
    # No ingester listens here; being taken is what counts.
    assert live[neighbour].publish(f"nhip/v1/{neighbour}/status", b"{}") != "Not authorized"
    assert live[neighbour].disconnects.empty()
    for client in live.values():
        client.close()


def test_row_30_wrong_and_missing_credentials(closed):
    """Neither a wrong password nor none at all is admitted; the right one is."""
    (gateway,) = closed.gateways(1)
    password = closed.broker.grant(gateway)
    eventually(lambda: admitted(closed, gateway, password), "admitted")
    assert not admitted(closed, gateway, password + "x")
    assert not admitted(closed, gateway, "")


def rotated(ground, ledger, seed, size, *, told=True):
    """Rotate every gateway's password while all of them send; return the fleet."""
    count, rate = size
    codes = ground.gateways(count)
    accounts = {code: ground.broker.grant(code) for code in codes}
    time.sleep(0.5)
    fleet = Fleet(ground.address, codes, ledger, seed=seed, rate=rate, accounts=accounts).start()
    for code in codes:
        wait_for_acks(ledger, 3)
        password = ground.broker.grant(code)
        if told:
            fleet.lines[code].client.username_pw_set(code, password)
    return fleet


def test_row_31_rotation(closed, ledger, seed):
    """A gateway whose password was changed reconnects with the new one; its outbox loses nothing."""
    with closed.ingester() as child:
        fleet = rotated(closed, ledger, seed, (10, 100.0))
        wait_for_acks(ledger, 30)
        fleet.drain()
        fleet.close()
        assert child.alive
    assert check(ledger, closed.dsn, fleet.gateways).faults() == {}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_row_31_full(closed, ledger, seed):
    with closed.ingester():
        fleet = rotated(closed, ledger, seed, (100, 200.0))
        wait_for_acks(ledger, 500)
        fleet.drain()
        fleet.close()
    assert check(ledger, closed.dsn, fleet.gateways).faults() == {}


def test_row_31_control(closed, ledger, seed):
    """Gateways that are not told the new password are shut out: the rotation did end the old one."""
    with closed.ingester():
        fleet = rotated(closed, ledger, seed, (2, 50.0), told=False)
        with pytest.raises(AssertionError, match="everything is acknowledged"):
            fleet.drain(8.0)
        fleet.close()
