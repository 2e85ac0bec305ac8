"""The production broker configuration, run by a real mosquitto."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.credentials import broker_password_hash
from nhip.stack.broker_access import AccessFiles
from nhip.stack.broker_binaries import find_broker
from nhip.stack.ports import free_port

mqtt = pytest.importorskip("paho.mqtt.client")

ROOT = Path(__file__).parents[2]
BROKER = ROOT / "deploy/broker"
CONFIGURATIONS = ("mosquitto.conf", "mosquitto.tls.conf")
# What loses data when it is missing or set otherwise.
REQUIRED = {
    "allow_anonymous": "false",
    "persistence": "true",
    "autosave_interval": "5",
    "queue_qos0_messages": "false",
}


def parsed(name):
    """Return (global options, [listener options]) of a configuration."""
    general, listeners = {}, []
    current = general
    for line in (BROKER / name).read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        key, _, value = line.partition(" ")
        if key == "listener":
            current = {"listener": value}
            listeners.append(current)
        else:
            current[key] = value
    return general | {key: value for one in listeners for key, value in one.items()}, listeners


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_nothing_that_loses_data(name):
    """Persistence, queue limits, enough in flight, nobody without a name, no take-over on any listener."""
    options, listeners = parsed(name)
    for key, value in REQUIRED.items():
        assert options[key] == value
    assert int(options["max_inflight_messages"]) >= 200
    assert int(options["max_queued_messages"]) > 100_000
    assert int(options["max_queued_bytes"]) > 0
    assert int(options["max_packet_size"]) >= 262_144
    for listener in listeners:
        assert listener["use_username_as_clientid"] == "true", listener["listener"]


def test_both_configurations_differ_in_the_listener_only():
    """The TLS variant is the plain one with one more listener."""
    plain, secure = ((BROKER / name).read_text(encoding="utf-8").splitlines() for name in CONFIGURATIONS)
    assert [line for line in plain[1:] if line not in secure] == []
    options, listeners = parsed(CONFIGURATIONS[1])
    assert [one["listener"] for one in listeners] == ["8883", "1883"]
    assert options["tls_version"] == "tlsv1.2"


def test_the_ingester_fits_into_the_broker():
    """The broker hands out as many messages as the ingester takes, and takes packets of its size."""
    from ingest.settings import IngestSettings

    options, _ = parsed("mosquitto.conf")
    fields = IngestSettings.model_fields
    assert int(options["max_inflight_messages"]) >= fields["inflight_max"].default
    assert int(options["max_packet_size"]) >= fields["payload_bytes_max"].default


@pytest.fixture
def production(reachable_path):
    """deploy/broker/start.sh with its configuration in a scratch folder; gives (port, account files)."""
    binary = find_broker(lambda _: None)
    access = reachable_path / "access"
    store = reachable_path / "data"
    for folder in (access, store):
        folder.mkdir()
    files = AccessFiles(passwords=access / "passwords", access=access / "acl", service_password="service")
    files.write({})
    port = free_port()
    text = (BROKER / "mosquitto.conf").read_text(encoding="utf-8")
    text = text.replace("listener 1883", f"listener {port} 127.0.0.1").replace(
        "/mosquitto/access", str(access)
    )
    text = text.replace("/mosquitto/data/", f"{store}/")
    if os.geteuid() == 0:
        text += "user root\n"  # in its container mosquitto starts as its own user
    configuration = reachable_path / "mosquitto.conf"
    configuration.write_text(text, encoding="utf-8")
    programs = reachable_path / "bin"
    programs.mkdir()
    (programs / "mosquitto").symlink_to(binary.path)
    environment = {**os.environ, **(binary.environment or {}), "NHIP_BROKER_ACCESS": str(access)}
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    process = subprocess.Popen([BROKER / "start.sh", configuration], env=environment, start_new_session=True)
    try:
        wait(lambda: reachable(port))
        yield port, files
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=20)


def reachable(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def wait(condition, seconds=15.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@contextmanager
def client(port, user, password, *, name=None):
    """A connected MQTT client, or one that was refused; `.reason` says which."""
    one = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name or user, protocol=mqtt.MQTTv5)
    one.username_pw_set(user, password)
    one.reason = None
    one.lost = False
    one.received = []
    one.on_connect = lambda c, _u, _f, reason, _p: setattr(c, "reason", str(reason))
    one.on_disconnect = lambda c, *_: setattr(c, "lost", True)
    one.on_message = lambda c, _u, message: c.received.append((message.topic, message.payload))
    one.connect("127.0.0.1", port)
    one.loop_start()
    try:
        wait(lambda: one.reason is not None)
        yield one
    finally:
        one.disconnect()
        one.loop_stop()


def allowed(port, user, password):
    with client(port, user, password) as one:
        return one.reason == "Success"


def test_a_new_credential_counts_without_a_restart(production):
    """The watcher tells mosquitto to read the files again; a revoked gateway is refused as soon."""
    port, files = production
    assert not allowed(port, "gw-1", "secret")
    files.write({"gw-1": broker_password_hash("secret")})
    wait(lambda: allowed(port, "gw-1", "secret"))
    files.write({})
    wait(lambda: not allowed(port, "gw-1", "secret"))


def test_nobody_without_a_password(production):
    """Anonymous clients and wrong passwords are refused."""
    port, _ = production
    assert not allowed(port, "nhip-ingest", "wrong")
    assert allowed(port, "nhip-ingest", "service")


def test_a_gateway_cannot_take_the_ingester_over_nor_speak_for_another(production):
    """Its client id is its name whatever it claims, and it writes below its own name only."""
    port, files = production
    files.write({name: broker_password_hash("secret") for name in ("gw-1", "gw-2")})
    wait(lambda: allowed(port, "gw-1", "secret") and allowed(port, "gw-2", "secret"))
    with client(port, "nhip-ingest", "service") as ingester:
        ingester.subscribe("nhip/v1/+/data", qos=1)
        with client(port, "gw-1", "secret", name="nhip-ingest") as gateway:
            assert gateway.reason == "Success"
            gateway.publish("nhip/v1/gw-2/data", b"spoofed", qos=1)
            gateway.publish("nhip/v1/gw-1/data", b"own", qos=1)
            wait(lambda: ingester.received)
        time.sleep(0.3)
        assert ingester.received == [("nhip/v1/gw-1/data", b"own")]
        assert not ingester.lost


def test_every_ingester_has_a_session_of_its_own(production):
    """The user name is the client id here: with one account the second ingester would throw the first out."""
    port, _ = production
    with client(port, "nhip-ingest", "service") as first, client(port, "nhip-ingest-2", "service") as second:
        assert (first.reason, second.reason) == ("Success", "Success")
        with client(port, "nhip-ingest-2", "service"):
            wait(lambda: second.lost)
        assert not first.lost
    assert not allowed(port, "nhip-ingest-2", "wrong")


def test_two_ingesters_hear_each_message_once(production):
    """Shared subscriptions to both kinds of topics are granted to the service accounts, and deliver."""
    port, files = production
    files.write({"gw-1": broker_password_hash("secret")})
    wait(lambda: allowed(port, "gw-1", "secret"))
    topics = ["nhip/v1/gw-1/data", "spBv1.0/city/NDATA/gw-1", "spBv1.0/city/DDATA/gw-1/d1"] * 4
    with client(port, "nhip-ingest", "service") as first, client(port, "nhip-ingest-2", "service") as second:
        for one in (first, second):
            one.granted = []
            one.on_subscribe = lambda c, _u, _m, reasons, _p: c.granted.extend(map(str, reasons))
            filters = ("nhip/v1/+/data", "spBv1.0/+/+/+", "spBv1.0/+/+/+/+")
            one.subscribe([(f"$share/nhip/{name}", mqtt.SubscribeOptions(qos=1)) for name in filters])
        wait(lambda: first.granted == second.granted == ["Granted QoS 1"] * 3)
        with client(port, "gw-1", "secret") as gateway:
            for number, topic in enumerate(topics):
                gateway.publish(topic, b"%d" % number, qos=1)
            wait(lambda: len(first.received) + len(second.received) >= len(topics))
        assert sorted(first.received + second.received) == sorted(
            (topic, b"%d" % number) for number, topic in enumerate(topics)
        )
        assert first.received
        assert second.received


def test_a_sparkplug_gateway_cannot_speak_for_another(production):
    """%u holds in the middle of a topic too; what another's name is in does not arrive."""
    port, files = production
    files.write({name: broker_password_hash("secret") for name in ("gw-1", "gw-2")})
    wait(lambda: allowed(port, "gw-1", "secret") and allowed(port, "gw-2", "secret"))
    with client(port, "nhip-ingest", "service") as ingester, client(port, "gw-1", "secret") as gateway:
        ingester.on_subscribe = lambda c, *_: setattr(c, "granted", True)
        ingester.granted = False
        ingester.subscribe("spBv1.0/#", qos=1)
        wait(lambda: ingester.granted)
        for topic in ("NDATA/gw-2", "DDATA/gw-2/d1", "NCMD/gw-2", "NDATA/gw-1", "DDATA/gw-1/d1"):
            gateway.publish(f"spBv1.0/city/{topic}", b"x", qos=1)
        # A gateway's messages arrive in their order: the last one came, so no forged one is on its way.
        wait(lambda: ingester.received and ingester.received[-1][0] == "spBv1.0/city/DDATA/gw-1/d1")
        assert [topic for topic, _ in ingester.received] == [
            "spBv1.0/city/NDATA/gw-1",
            "spBv1.0/city/DDATA/gw-1/d1",
        ]


def test_shell_scripts_are_valid():
    """Every script of deploy/ parses, is executable, and stops at its first error."""
    for path in (ROOT / "deploy").rglob("*.sh"):
        assert os.access(path, os.X_OK), path
        assert "\nset -eu\n" in path.read_text(encoding="utf-8")
        subprocess.run([shutil.which("sh"), "-n", path], check=True)


def test_a_revoked_gateway_loses_its_live_session(production):
    """mosquitto checks connected clients again when it reads its accounts: nobody has to restart it."""
    port, files = production
    files.write({"gw-1": broker_password_hash("secret"), "gw-2": broker_password_hash("secret")})
    wait(lambda: allowed(port, "gw-1", "secret"))
    with client(port, "gw-1", "secret") as revoked, client(port, "gw-2", "secret") as other:
        files.write({"gw-2": broker_password_hash("secret")})
        wait(lambda: revoked.lost)
        assert not other.lost
