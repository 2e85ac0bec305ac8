"""Nonsense at every door: a clear word back, nothing lost, nothing crashed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.end_to_end.conftest import wait_until

if TYPE_CHECKING:
    from pathlib import Path

T = 1_764_000_000
OUTCOMES = ("stored", "duplicate", "conflict", "quarantined", "rejected")
HOSTILE_PAYLOADS = [
    b"",
    b"\x00\xff\xfe",
    b"null",
    b"[]",
    b"42",
    b'{"id": -1, "r": []}',
    b'{"id": 1, "r": [{"s": "a", "t": "yesterday", "v": 1}]}',
    b'{"id": 2, "r": [{"s": "a", "t": "2026-11-23T08:00:00", "v": 1}]}',
    b'{"id": 3, "r": [{"s": "a", "t": 1764000000, "v": NaN}]}',
    b'{"id": 4, "r": [{"s": "a", "t": 1764000000, "v": 1e999}]}',
    b'{"id": 5, "r": [{"s": "a", "t": 1764000000, "v": "12.5"}]}',
    b'{"id": 6, "r": [{"s": "a", "t": 1764000000, "v": true}]}',
    b'{"id": 7, "r": [{"s": "a\\u0000b", "t": 1764000000, "v": 1}]}',
    b'{"id": 8, "s": "a", "t0": 1764000000, "dt": [0, 60], "v": [1]}',
    b'{"id": 9, "r": ' + b"[" * 100_000,
    b'{"id": 10, "x": "' + b"y" * 200_000 + b'", "r": 5}',
]


class Gateway:
    """A gateway of the test: publishes and remembers what was acknowledged."""

    def __init__(self, platform: Any, code: str, password: str | None) -> None:
        self.code = code
        self.acknowledged: set[int] = set()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=code, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        if password is not None:
            self.client.username_pw_set(code, password)
        self.client.on_message = self._on_message
        address = urlsplit(platform.facts["mqtt"])
        self.client.connect(address.hostname or "", address.port or 1883)
        self.client.loop_start()
        wait_until(self.client.is_connected, 10, "the broker did not take the gateway")
        self.client.subscribe(f"nhip/v1/{code}/ack", 1)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.acknowledged.update(json.loads(message.payload)["ids"])

    def send(self, payload: bytes) -> None:
        self.client.publish(f"nhip/v1/{self.code}/data", payload, qos=1).wait_for_publish(10)

    def send_batch(self, batch: int, *readings: dict[str, object]) -> None:
        self.send(json.dumps({"id": batch, "r": readings}).encode())

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def add_gateway(platform: Any, code: str) -> Gateway:
    done = platform.nhip("gateway", "add", code, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["gateway"], answer["username"]) == (code, code)
    return Gateway(platform, code, answer["password"])


def import_sensor(platform: Any, gateway: str, sensor: str, **more: object) -> None:
    usual = {"quantity": "pm25", "unit": "ug/m3", "interval_s": 60, "site": "pole-1", "area": "phuong-1"}
    row = {"gateway": gateway, "sensor": sensor, **usual, **more}
    answer = platform.http.post("/api/v1/import", json={"rows": [row], "create": True})
    assert answer.status_code == 200, answer.text
    assert answer.json()["counts"]["rejected"] == 0, answer.text


def counts(**some: int) -> dict[str, int]:
    return {outcome: some.get(outcome, 0) for outcome in OUTCOMES}


def ledger(platform: Any, gateway: str) -> dict[str, int]:
    answer = platform.http.get("/api/v1/accounting", params={"gateway": gateway}).json()
    assert answer["received"] == sum(answer[outcome] for outcome in OUTCOMES)
    return {outcome: answer[outcome] for outcome in OUTCOMES}


def test_hostile_messages_are_kept_and_neighbours_stored(platform: Any) -> None:
    """Each hostile message is in quarantine with a reason; a good one behind each is stored at once."""
    gateway = add_gateway(platform, "hostile-1")
    import_sensor(platform, "hostile-1", "good")
    for number, payload in enumerate(HOSTILE_PAYLOADS):
        gateway.send(payload)
        gateway.send_batch(1000 + number, {"s": "good", "t": T + number, "v": number})
    wanted = set(range(1000, 1000 + len(HOSTILE_PAYLOADS)))
    wait_until(lambda: wanted <= gateway.acknowledged, 60, "good messages were not all acknowledged")
    wait_until(
        lambda: ledger(platform, "hostile-1")["quarantined"] >= len(HOSTILE_PAYLOADS) - 2,
        30,
        "hostile messages did not all arrive in quarantine",
    )
    assert ledger(platform, "hostile-1")["stored"] == len(HOSTILE_PAYLOADS)
    reasons = platform.query("SELECT reason, detail FROM quarantine WHERE gateway = 'hostile-1'")
    assert {reason for reason, _ in reasons} <= {"malformed", "not_finite", "unknown_sensor", "too_large"}
    assert all(detail for _, detail in reasons)
    gateway.close()


def test_an_unregistered_gateway_is_heard_and_its_readings_come_back(platform: Any) -> None:
    """What an unknown gateway sent waits in quarantine and is stored once when it is registered."""
    stranger = Gateway(platform, "stranger-1", None)
    stranger.send_batch(7, {"s": "pm", "t": T, "v": 12.5}, {"s": "pm", "t": T + 60, "v": 13.5})
    wait_until(
        lambda: any(item["gateway"] == "stranger-1" for item in platform.items("/api/v1/unknown")),
        20,
        "the gateway was not reported as heard",
    )
    stranger.close()
    import_sensor(platform, "stranger-1", "pm")
    wait_until(
        lambda: (
            platform.query(
                "SELECT count(*) FROM reading r JOIN sensor s ON s.id = r.sensor_id"
                " WHERE s.code = 'stranger-1.pm'"
            )
            == [(2,)]
        ),
        30,
        "the readings in quarantine were not stored after registration",
    )
    assert ledger(platform, "stranger-1") == counts(stored=2)
    span = {"from": "2025-11-24", "to": "2025-11-26"}
    readings = platform.items("/api/v1/readings", sensor="stranger-1.pm", **span)
    assert [(item["ts"], item["value"]) for item in readings] == [
        ("2025-11-24T16:00:00Z", 12.5),
        ("2025-11-24T16:01:00Z", 13.5),
    ]


def test_duplicates_conflicts_units_and_times(platform: Any) -> None:
    """The same value again is a duplicate, another one a conflict; units are converted or refused."""
    gateway = add_gateway(platform, "mixed-1")
    import_sensor(platform, "mixed-1", "pm")
    import_sensor(platform, "mixed-1", "temp", quantity="air_temperature", unit="Cel")
    # A reading that overtakes the news of its sensor waits in quarantine, and others may overtake it there.
    gateway.send_batch(9, {"s": "pm", "t": T - 3600, "v": 5}, {"s": "temp", "t": T - 3600, "v": 5})
    wait_until(lambda: ledger(platform, "mixed-1") == counts(stored=2), 30, "the sensors are not known")
    gateway.send_batch(1, {"s": "pm", "t": T, "v": 20}, {"s": "temp", "t": T, "v": 86, "u": "[degF]"})
    gateway.send_batch(2, {"s": "pm", "t": T, "v": 20})
    gateway.send_batch(3, {"s": "pm", "t": T, "v": 21})
    gateway.send_batch(4, {"s": "pm", "t": T + 60, "v": 1, "u": "kg"})
    gateway.send_batch(5, {"s": "pm", "t": 4_000_000_000, "v": 1}, {"s": "pm", "t": 1000, "v": 1})
    wait_until(lambda: gateway.acknowledged == {1, 2, 3, 4, 5, 9}, 30, "not all batches were acknowledged")
    wait_until(
        lambda: ledger(platform, "mixed-1") == counts(stored=4, duplicate=1, conflict=1, quarantined=3),
        20,
        "the ledger does not say what was sent",
    )
    found = platform.query(
        "SELECT s.code, round(r.value::numeric, 6) FROM reading r JOIN sensor s ON s.id = r.sensor_id"
        " WHERE s.code LIKE 'mixed-1.%%' AND r.value <> 5 ORDER BY 1"
    )
    assert [(code, float(value)) for code, value in found] == [("mixed-1.pm", 20.0), ("mixed-1.temp", 30.0)]
    reasons = platform.query(
        "SELECT reason FROM quarantine WHERE gateway = 'mixed-1' AND status <> 'replayed' ORDER BY 1"
    )
    assert [reason for (reason,) in reasons] == ["ancient", "conflict", "future", "unit"]
    gateway.close()


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/api/v1/indicators/nonsense/values", 404, "nonsense"),
        ("/api/v1/indicators/vn_aqi_day/values?period=fortnight", 422, "fortnight"),
        ("/api/v1/indicators/vn_aqi_day/values?from=31-12-2014", 422, "31-12-2014"),
        ("/api/v1/indicators/vn_aqi_day/values?periood=day", 422, "periood"),
        ("/api/v1/indicators/vn_aqi_day/values?site=nowhere", 404, "nowhere"),
        ("/api/v1/readings?sensor=nobody", 404, "nobody"),
        ("/api/v1/indicators/vn_aqi_day/values?cursor=%00%ff", 422, "cursor"),
        ("/api/v1/sensors/99999999999999999999", 404, "99999999999999999999"),
        ("/nowhere", 404, "nowhere"),
    ],
)
def test_http_says_what_was_wrong(platform: Any, path: str, status: int, word: str) -> None:
    """A wrong request gets a problem document that names what was wrong."""
    answer = platform.http.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert word in answer.text
    assert platform.http.get("/healthz").status_code == 200


def test_files_with_nonsense_are_named_line_and_column(platform: Any, tmp_path: Path) -> None:
    """A CSV with rubbish in it is replayed as far as it is good, and every cell is accounted for."""
    path = tmp_path / "Rubbish.csv"
    header = "No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,TEMP,PRES,DEWP,RAIN,wd,WSPM,station"
    rest = ",10,5,20,300,60,1,1020,-8,0,N,2,Rubbish"
    path.write_text(
        "\n".join(
            [
                header,
                f"1,2016,5,1,0,11{rest}",
                f"2,2016,5,1,1,NA{rest}",
                f"3,2016,5,1,2,many{rest}",
                f"4,2016,2,30,3,12{rest}",
                "5,2016,5",
                f"6,2016,5,1,5,inf{rest}",
                f"7,2016,5,1,6,14{rest}",
            ]
        )
    )
    done = platform.nhip("replay", str(path), "--mapping", "beijing_air", "--json")
    summary = json.loads(done.stdout)
    assert summary["published"] == summary["acknowledged"]
    assert summary["cells"] == summary["published"] + summary["missing"] + summary["rejected"]
    assert summary["missing"] == 1
    assert summary["rejected"] > 0
    assert "many" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["replay", "missing.csv", "--mapping", "beijing_air"], ["missing.csv"]),
        (["replay", __file__, "--mapping", "no_such_mapping"], ["no_such_mapping"]),
        (["gateway", "add", "Not A Gateway!", "--json"], ["Not A Gateway!"]),
        (["import", "missing.csv"], ["missing.csv"]),
        (["frobnicate"], ["frobnicate"]),
        (["demo", "--api-port", "70000"], ["--api-port", "65535"]),
    ],
)
def test_commands_say_what_was_wrong(platform: Any, arguments: list[str], words: list[str]) -> None:
    """A wrong command ends with status 2 or 1, a line that names the mistake, and no traceback."""
    done = platform.nhip(*arguments)
    assert done.returncode in {1, 2}, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr.replace("\n", ""), done.stderr


@pytest.mark.parametrize(
    ("command", "variable", "value"),
    [
        ("api", "NHIP_API_PORT", "eighty"),
        ("ingest", "NHIP_INGEST_MQTT_URL", "http://broker"),
        ("process", "NHIP_PROCESSING_POLL_S", "-1"),
        ("migrate", "NHIP_STORE_DSN", "nonsense"),
    ],
)
def test_wrong_settings_name_the_variable(platform: Any, command: str, variable: str, value: str) -> None:
    """A service with a wrong setting does not start and says which variable is wrong."""
    environment = {
        **os.environ,
        "NHIP_STORE_DSN": platform.facts["dsn"],
        "NHIP_INGEST_MQTT_URL": platform.facts["mqtt"],
        variable: value,
    }
    done = subprocess.run(
        [sys.executable, "-m", "nhip", command],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert variable in done.stderr or value in done.stderr, done.stderr
