"""A simulated city against a real broker: everything it measures arrives, also across a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from device_sim.city import build_city
from device_sim.faults import RATES
from device_sim.measurement import Measurement
from device_sim.schedule import Schedule
from device_sim.signals import Signals
from device_sim.truth import TruthLog
from tests.device_sim.conftest import Subscriber, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SEED, GATEWAYS, SENSORS = 42, 12, 60
CITY = build_city(SEED, GATEWAYS, SENSORS, interval_s=5)


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """A function that starts a simulation; what a failed test leaves running is ended."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: Any) -> subprocess.Popen[str]:
        started.append(simulation(*arguments))
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def simulation(folder: Path, mqtt_url: str, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "nhip", "simulate", "--no-register", "--seed", str(SEED)),
            *("--gateways", str(GATEWAYS), "--sensors", str(SENSORS), "--interval-s", "5"),
            *("--state-dir", str(folder / "state"), "--truth", str(folder / "truth.jsonl"), *options),
        ],
        env={**os.environ, "NHIP_MQTT_URL": mqtt_url},
        stderr=subprocess.PIPE,
        text=True,
    )


def span_of_runs(folder: Path) -> tuple[float, float]:
    """From when and up to when the truth file says that readings were produced."""
    from datetime import datetime

    lines = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
    starts = [line["start"] for line in lines if line["fault"] == "start_of_run"]
    return (
        datetime.fromisoformat(starts[0]).timestamp(),
        max(datetime.fromisoformat(line["end"]).timestamp() for line in lines if line["fault"] == "run"),
    )


def expected_readings(start_s: float, end_s: float) -> set[tuple[str, str, int, float]]:
    """What the city sends in a span, computed apart from the simulation."""
    rates = RATES["normal"]
    schedule = Schedule(CITY, rates)
    truth = TruthLog(None, CITY, schedule, append=False)
    readings = Measurement(CITY, Signals(CITY), schedule, rates, truth).readings(
        np.arange(SENSORS), start_s, end_s
    )
    return {
        (CITY.gateways[CITY.sensors[sensor].gateway], CITY.sensors[sensor].name, round(ts * 1e6), value)
        for sensor, ts, value in zip(
            readings.sensor.tolist(), readings.ts_s.tolist(), readings.value.tolist(), strict=True
        )
    }


def test_a_city_survives_kill_9_without_a_gap(
    start: Any, broker: Any, subscriber: Subscriber, tmp_path: Path
) -> None:
    """History, live, killed, again: all readings from the first start to the second end, and no others."""
    first = start(tmp_path, broker.public_url, "--history", "10m", "--faults", "normal")
    wait_for(lambda: len(subscriber.of(*CITY.gateways)) > 6000, "the first run sent too little")
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()

    # A run that ends by itself waits for what is on its way.
    options = ("--history", "10m", "--faults", "normal", "--duration", "6s")
    second = start(tmp_path, broker.public_url, *options)
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 0, errors

    start_s, end_s = span_of_runs(tmp_path)
    sent = set(subscriber.of(*CITY.gateways))
    certain = expected_readings(start_s, end_s)
    # Gateways whose link is cut keep their readings to themselves for now.
    cut = {CITY.gateways[e.target] for e in late_bursts(start_s, end_s)}
    assert {each for each in certain if each[0] not in cut} <= sent
    # Groups of gateways are up to one batch ahead of the moment that all have reached.
    assert sent <= expected_readings(start_s, end_s + 10)


def test_a_run_with_an_end_delivers_its_past_first(
    start: Any, broker: Any, subscriber: Subscriber, tmp_path: Path
) -> None:
    """A second is far too short for 36 hours of history, and none of it is left out."""
    options = ("--history", "36h", "--faults", "normal", "--duration", "1s")
    process = start(tmp_path, broker.public_url, *options)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    start_s, end_s = span_of_runs(tmp_path)
    assert end_s - start_s >= 36 * 3600
    cut = {CITY.gateways[e.target] for e in late_bursts(end_s - 60, end_s)}
    wanted = {each for each in expected_readings(start_s, end_s) if each[0] not in cut}
    assert wanted
    assert wanted <= set(subscriber.of(*CITY.gateways))


def late_bursts(start_s: float, end_s: float) -> list[Any]:
    from device_sim.faults import Fault

    return Schedule(CITY, RATES["normal"]).between(Fault.LATE_BURST, start_s, end_s)


def test_gateways_go_on_and_off_line(start: Any, broker: Any, subscriber: Subscriber, tmp_path: Path) -> None:
    """A run of some seconds ends by itself; every gateway was on line and is off line at the end."""
    process = start(tmp_path, broker.public_url, "--history", "0", "--faults", "none", "--duration", "4s")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    for gateway in CITY.gateways:
        wait_for(lambda g=gateway: not json.loads(subscriber.statuses[g][-1])["online"], "still on line")
        assert any(json.loads(status)["online"] for status in subscriber.statuses[gateway])
    assert f"seed {SEED}" in errors


def test_two_simulations_do_not_share_a_folder(
    start: Any, broker: Any, subscriber: Subscriber, tmp_path: Path
) -> None:
    """The second is refused with the folder's name."""
    assert subscriber.acknowledging
    first = start(tmp_path, broker.public_url, "--history", "0")
    wait_for((tmp_path / "state" / "simulation.sqlite").exists, "the first run did not start")
    second = start(tmp_path, broker.public_url, "--history", "0")
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 2
    assert "another simulation uses this folder" in errors
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=20)
    assert first.returncode == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--gateways", "0"], "gateways: found 0"),
        (["--gateways", "5", "--sensors", "2"], "sensors: found 2"),
        (["--history", "long"], "--history: found 'long'"),
        (["--history", "20000d"], "history: found"),
        (["--duration", "-5"], "--duration"),
        (["--interval-s", "0"], "interval_s: found 0"),
        (["--mqtt-url", "tcp://x"], "broker tcp://x"),
        (["--truth", "/proc/none/truth"], "/proc/none"),
        (["--state-dir", "/proc/none"], "/proc/none"),
    ],
)
def test_nonsense_is_named_in_one_line(options: list[str], complaint: str, tmp_path: Path) -> None:
    """Impossible cities, spans, addresses and files end with status 2 and one line that names them."""
    done = subprocess.run(
        [sys.executable, "-m", "nhip", "simulate", "--no-register", "--duration", "1s", *options],
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
