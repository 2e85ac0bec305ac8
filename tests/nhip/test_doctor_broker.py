"""`nhip doctor` on brokers that are badly configured, and on ones that are not."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from nhip.doctor import broker_config
from nhip.doctor.examination import Installation, examine
from nhip.doctor.finding import Part, Severity
from nhip.stack.broker import EmbeddedBroker
from nhip.stack.ports import free_port

ROOT = Path(__file__).parents[2]
GOOD = """listener 1883
allow_anonymous false
use_username_as_clientid true
persistence true
autosave_interval 5
max_inflight_messages 4000
max_queued_messages 500000
max_queued_bytes 536870912
max_packet_size 270336
persistent_client_expiration 14d
"""


class Broker(EmbeddedBroker):
    """A broker with lines of its own at the end of its configuration; mosquitto takes the last one."""

    def __init__(self, folder: Path, **replaced: str) -> None:
        super().__init__(folder)
        self._replaced = replaced

    def _configuration(self, store: Path) -> str:
        lines = super()._configuration(store).splitlines()
        kept = [line for line in lines if line.partition(" ")[0] not in self._replaced]
        return "\n".join([*kept, *(f"{name} {value}" for name, value in self._replaced.items())]) + "\n"

    @property
    def config(self) -> Path:
        return self.data_dir / "mosquitto.conf"


def codes(report, part=Part.BROKER):
    return {finding.code for finding in report.findings if finding.part is part}


def codes_of(text, tmp_path):
    path = tmp_path / "mosquitto.conf"
    path.write_text(text, encoding="utf-8")
    return {finding.code for finding in broker_config.examine(broker_config.read_config(path))}


@pytest.mark.parametrize(
    ("good", "bad", "code"),
    [
        ("max_queued_messages 500000", "", "broker.queue_short"),
        ("max_queued_messages 500000", "max_queued_messages 1000", "broker.queue_short"),
        ("max_queued_messages 500000", "max_queued_messages 0", "broker.queue_unlimited"),
        ("max_queued_bytes 536870912", "", "broker.queue_bytes"),
        ("max_inflight_messages 4000", "", "broker.inflight"),
        ("max_inflight_messages 4000", "max_inflight_messages 20", "broker.inflight"),
        ("persistence true", "", "broker.persistence"),
        ("autosave_interval 5", "", "broker.autosave"),
        ("autosave_interval 5", "autosave_interval 1800", "broker.autosave"),
        ("persistent_client_expiration 14d", "persistent_client_expiration 2h", "broker.expiration"),
        ("max_packet_size 270336", "max_packet_size 100000", "broker.packet_size"),
        ("max_packet_size 270336", "message_size_limit 100000", "broker.packet_size"),
        ("allow_anonymous false", "allow_anonymous true", "broker.anonymous"),
        ("use_username_as_clientid true", "", "broker.client_id"),
    ],
)
def test_a_setting_that_loses_data_is_found_and_nothing_else(tmp_path, good, bad, code):
    assert codes_of(GOOD, tmp_path) == set()
    assert codes_of(GOOD.replace(good, bad), tmp_path) == {code}


@pytest.mark.parametrize("name", ["mosquitto.conf", "mosquitto.tls.conf"])
def test_the_configurations_that_we_ship_are_good(name):
    text = (ROOT / "deploy" / "broker" / name).read_text(encoding="utf-8")
    assert "listener" in text
    assert list(broker_config.examine(broker_config.read_config(ROOT / "deploy" / "broker" / name))) == []


def test_every_listener_is_looked_at_and_files_are_included(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "a.conf").write_text("listener 1884 127.0.0.1\nallow_anonymous true\n")
    assert codes_of(GOOD + "per_listener_settings true\n", tmp_path) == set()
    # Only this machine reaches the second listener, so anonymous clients there are nobody's business.
    separate = "per_listener_settings true\n" + GOOD + "include_dir conf.d\n"
    assert codes_of(separate, tmp_path) == set()
    (tmp_path / "conf.d" / "a.conf").write_text("listener 1884 0.0.0.0\nallow_anonymous true\n")
    assert codes_of(separate, tmp_path) == {"broker.anonymous"}
    assert broker_config.span_s("14d") == 1_209_600
    assert broker_config.span_s("never") is None


def session(broker, client_id, *, connect=True):
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
    client.username_pw_set("nhip-ingest", broker.password)
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    if connect:
        client.connect(broker.host, broker.port, properties=properties, clean_start=False)
        client.loop_start()
        deadline = time.monotonic() + 10
        while not client.is_connected():
            assert time.monotonic() < deadline
            time.sleep(0.02)
    return client


def publish(broker, count, *, retain=False):
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect(broker.host, broker.port)
    client.loop_start()
    for number in range(count):
        client.publish("nhip/v1/gw-x/data", str(number), qos=1, retain=retain).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def eventually(check):
    deadline = time.monotonic() + 30
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_broker_that_throws_messages_away_is_found_and_a_good_one_is_not(reachable_path):
    """The ingester is away and the queue is short: what the doctor knows comes from the broker itself."""
    with Broker(reachable_path / "bad", max_queued_messages="5", sys_interval="1") as broker:
        bad = Installation(mqtt_url=broker.url, broker_config=broker.config)
        assert codes(examine(bad)) == {"broker.queue_short"}
        away = session(broker, "nhip-ingest")
        away.subscribe("nhip/v1/+/data", 1)
        time.sleep(0.5)
        away.disconnect()
        away.loop_stop()
        publish(broker, 40)
        eventually(lambda: codes(examine(bad)) == {"broker.queue_short", "broker.dropped"})
        report = examine(bad)
        assert report.exit_code == 1
        [dropped] = [each for each in report.findings if each.code == "broker.dropped"]
        assert dropped.severity is Severity.PROBLEM
        assert "35" in dropped.found.en
        assert "35" in dropped.found.vi
    with Broker(reachable_path / "good", sys_interval="1") as broker:
        away = session(broker, "nhip-ingest")
        away.subscribe("nhip/v1/+/data", 1)
        time.sleep(0.5)
        away.disconnect()
        away.loop_stop()
        publish(broker, 40)
        time.sleep(1.5)
        report = examine(Installation(mqtt_url=broker.url, broker_config=broker.config))
        assert codes(report) == set()
        assert set(report.checked[Part.BROKER]) == {"configuration", "answers"}
        assert report.exit_code == 0


def test_what_the_broker_grants_is_held_against_what_is_needed(reachable_path):
    with Broker(reachable_path, max_packet_size="100000") as broker:
        report = examine(Installation(mqtt_url=broker.url, broker_config=broker.config))
        assert codes(report) == {"broker.packet_size", "broker.packet_size_granted"}


def test_retained_telemetry_is_found_until_it_is_cleared(broker):
    if not isinstance(broker, EmbeddedBroker):
        pytest.skip("the configuration of a given broker is not known")
    installation = Installation(mqtt_url=broker.url, broker_config=broker.data_dir / "mosquitto.conf")
    publish(broker, 1, retain=True)
    assert "broker.retained" in codes(examine(installation))
    client = session(broker, secrets.token_hex(8))
    client.loop_stop()
    clear = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    clear.connect(broker.host, broker.port)
    clear.loop_start()
    clear.publish("nhip/v1/gw-x/data", b"", qos=1, retain=True).wait_for_publish(10)
    clear.disconnect()
    clear.loop_stop()
    assert "broker.retained" not in codes(examine(installation))


def test_the_session_of_the_ingester_is_never_taken_over(reachable_path):
    """Where user names become client ids, a log-in with the ingester's account would end its session."""
    with Broker(reachable_path, allow_anonymous="false", use_username_as_clientid="true") as broker:
        ingester = session(broker, "anything")
        ended = []
        ingester.on_disconnect = lambda *_: ended.append(True)
        for urls in ({"mqtt_url": broker.url}, {"doctor_mqtt_url": broker.url}):
            for config in (None, broker.config):
                report = examine(Installation(**urls, broker_config=config))
                assert "answers" not in report.checked.get(Part.BROKER, [])
        # Without a password there is no name to take over, and to be refused then is as it should be.
        for urls in ({"mqtt_url": broker.url}, {"mqtt_url": broker.public_url}):
            report = examine(Installation(**urls, broker_config=broker.config))
            assert codes(report) == set()
            assert [each.subject for each in report.unchecked if each.part is Part.BROKER][-1] == "answers"
        password = broker.grant("doctor")
        time.sleep(1)
        own = f"mqtt://doctor:{password}@{broker.host}:{broker.port}"
        report = examine(Installation(mqtt_url=broker.url, doctor_mqtt_url=own, broker_config=broker.config))
        assert "answers" in report.checked[Part.BROKER]
        assert codes(report) == set()
        # That account may not read $SYS, and the report says so.
        assert [each.subject for each in report.unchecked if each.part is Part.BROKER] == ["dropped"]
        assert ingester.is_connected()
        assert ended == []
        ingester.disconnect()
        ingester.loop_stop()


def test_a_broker_that_refuses_or_is_not_there_is_a_problem(reachable_path):
    with Broker(reachable_path) as broker:
        wrong = broker.url.replace(broker.password, "wrong")
        assert codes(examine(Installation(mqtt_url=wrong, broker_config=broker.config))) == {"broker.refused"}
    nobody = f"mqtt://127.0.0.1:{free_port()}"
    report = examine(Installation(mqtt_url=nobody))
    assert codes(report) == {"broker.unreachable"}
    assert report.exit_code == 1
