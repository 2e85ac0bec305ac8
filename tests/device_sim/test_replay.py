"""`nhip replay` against a real broker and a subscriber that acknowledges: what arrives, what survives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.device_sim.conftest import Subscriber, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAPPING = """
[time]
columns = {{ year = "year", month = "month", day = "day", hour = "hour" }}
zone = "Asia/Shanghai"
interval_s = 3600
averaging_s = 3600
[missing]
markers = ["NA"]
[area]
code = "a"
kind = "city"
[site]
column = "station"
[gateway]
id = "{prefix}-{{site}}"
[[columns]]
column = "PM2.5"
quantity = "pm25"
unit = "ug/m3"
[[columns]]
column = "CO"
quantity = "co"
unit = "mg/m3"
"""
START = datetime(2015, 1, 1)


class Setting:
    """A file of hours, its mapping, and the command that replays it."""

    def __init__(self, folder: Path, prefix: str, mqtt_url: str) -> None:
        self.folder = folder
        self.prefix = prefix
        self.mqtt_url = mqtt_url
        self.started: list[subprocess.Popen[str]] = []
        self.mapping = folder / "m.toml"
        self.mapping.write_text(MAPPING.format(prefix=prefix))

    def write(self, name: str, hours: int, stations: tuple[str, ...] = ("One",)) -> tuple[Path, set[Any]]:
        """Write a file; return it with the readings that it holds."""
        path = self.folder / name
        expected: set[Any] = set()
        lines = ["year,month,day,hour,PM2.5,CO,station"]
        for index in range(hours):
            local = START + timedelta(hours=index)
            ts_us = int((local - timedelta(hours=8)).replace(tzinfo=UTC).timestamp()) * 1_000_000
            for station in stations:
                value = f"{index / 4}"
                other = "NA" if index % 5 == 0 else f"{index}"
                lines.append(f"{local.year},{local.month},{local.day},{local.hour},{value},{other},{station}")
                gateway = f"{self.prefix}-{station.lower()}"
                expected.add((gateway, "pm25", ts_us, index / 4))
                if index % 5:
                    expected.add((gateway, "co", ts_us, float(index)))
        path.write_text("\n".join(lines) + "\n")
        return path, expected

    def start(self, *files: Path, options: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "nhip", "replay", *map(str, files), "--json", "--no-register"),
                *("--mapping", str(self.mapping), "--state-dir", str(self.folder / "state"), *options),
            ],
            env={
                **os.environ,
                "NHIP_MQTT_URL": self.mqtt_url,
                "NHIP_SIM_REPLAY_ROWS_PER_BATCH": "50",
                "NHIP_SIM_ACK_TIMEOUT_S": "1",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """Leave nothing running when a test fails half-way."""
        for process in self.started:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def run(self, *files: Path, options: tuple[str, ...] = (), status: int = 0) -> dict[str, Any]:
        process = self.start(*files, options=options)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == status, errors
        summary: dict[str, Any] = json.loads(output)
        return summary


@pytest.fixture
def setting(tmp_path: Path, names: Any, broker: Any) -> Iterator[Setting]:
    made = Setting(tmp_path, names("r"), broker.public_url)
    yield made
    made.end()


def test_every_cell_arrives_once(setting: Setting, subscriber: Subscriber) -> None:
    """Two files, two stations in one: each reading once, at the start of its hour; the account exact."""
    one, first = setting.write("one.csv", 400)
    two, second = setting.write("two.csv", 200, ("Two", "Three"))
    summary = setting.run(one, two)
    gateways = [f"{setting.prefix}-{name}" for name in ("one", "two", "three")]
    assert subscriber.of(*gateways) == dict.fromkeys(first | second, 1)
    assert summary["rows"] == 800
    assert summary["cells"] == 1600 == summary["published"] + summary["missing"]
    assert summary["published"] == summary["acknowledged"] == len(first | second)
    assert summary["finished"]
    assert [file["sites"] for file in summary["files"]] == [["one"], ["two", "three"]]


def test_a_finished_replay_runs_again_with_new_ids(setting: Setting, subscriber: Subscriber) -> None:
    """The second run publishes everything again (duplicates to the platform), under new batch ids."""
    path, expected = setting.write("one.csv", 300)
    for _ in range(2):
        assert setting.run(path)["resumed_rows"] == 0
    assert subscriber.of(f"{setting.prefix}-one") == dict.fromkeys(expected, 2)
    numbers = [number for gateway, number in subscriber.messages if gateway == f"{setting.prefix}-one"]
    assert sorted(numbers) == list(range(min(numbers), min(numbers) + len(numbers)))


def test_kill_9_and_again(setting: Setting, subscriber: Subscriber) -> None:
    """Killed before anything was acknowledged: the next run sends what is left, both together everything."""
    path, expected = setting.write("one.csv", 6000)
    gateway = f"{setting.prefix}-one"
    subscriber.acknowledging = False
    process = setting.start(path)
    wait_for(lambda: subscriber.of(gateway), "nothing was published")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    before = set(subscriber.of(gateway))
    assert before < expected
    subscriber.acknowledging = True
    summary = setting.run(path)
    assert summary["resumed_rows"] > 0
    assert summary["published"] == summary["acknowledged"] == len(expected)
    assert set(subscriber.of(gateway)) == expected
    # A batch that is sent again keeps its id.
    numbers = {number for name, number in subscriber.messages if name == gateway}
    assert numbers == set(range(min(numbers), min(numbers) + len(numbers)))


def test_without_acknowledgements_it_says_so(setting: Setting, subscriber: Subscriber) -> None:
    """Nobody acknowledges: status 3, published and acknowledged apart; the next run goes on."""
    path, expected = setting.write("one.csv", 100)
    subscriber.acknowledging = False
    summary = setting.run(path, options=("--give-up-s", "1"), status=3)
    assert (summary["published"], summary["acknowledged"]) == (len(expected), 0)
    assert "nothing was acknowledged" in summary["trouble"]
    assert not summary["finished"]
    subscriber.acknowledging = True
    assert setting.run(path)["acknowledged"] == len(expected)


def test_ctrl_c_ends_in_order(setting: Setting, subscriber: Subscriber) -> None:
    """An interrupted replay prints its account and can go on; --restart forgets it instead."""
    path, expected = setting.write("one.csv", 6000)
    subscriber.acknowledging = False
    process = setting.start(path)
    wait_for(lambda: subscriber.of(f"{setting.prefix}-one"), "nothing was published")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert json.loads(output)["trouble"].startswith("interrupted")
    subscriber.acknowledging = True
    summary = setting.run(path, options=("--restart",))
    assert (summary["resumed_rows"], summary["acknowledged"]) == (0, len(expected))


def test_one_gateway_one_process(setting: Setting, subscriber: Subscriber) -> None:
    """A second replay of the same gateway at the same time is refused by name, and the first goes on."""
    path, expected = setting.write("one.csv", 500)
    subscriber.acknowledging = False
    first = setting.start(path)
    wait_for(lambda: subscriber.of(f"{setting.prefix}-one"), "nothing was published")
    second = setting.start(path)
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 2
    assert f"another process replays gateway {setting.prefix}-one" in errors
    assert "Traceback" not in errors
    subscriber.acknowledging = True
    output, errors = first.communicate(timeout=120)
    assert first.returncode == 0, errors
    assert json.loads(output)["acknowledged"] == len(expected)


def test_original_spacing(setting: Setting, subscriber: Subscriber) -> None:
    """With a pace, rows go out when they are due: ten hours at 7200 times real time take five seconds."""
    path, expected = setting.write("one.csv", 11)
    summary = setting.run(path, options=("--speed", "7200"))
    assert summary["elapsed_s"] >= 4.5
    assert set(subscriber.of(f"{setting.prefix}-one")) == expected
    assert len([1 for gateway, _ in subscriber.messages if gateway == f"{setting.prefix}-one"]) > 4


def test_rejects_are_told_and_the_rest_is_published(setting: Setting, subscriber: Subscriber) -> None:
    """Bad rows end with status 0, in the summary, on the screen and in the file."""
    path, expected = setting.write("one.csv", 50)
    with path.open("a") as file:
        file.write("2015,13,1,0,1,1,One\n2015,1,9,0,abc,7,One\n2015,1,9\n")
    rejects = setting.folder / "rejects.csv"
    process = setting.start(path, options=("--rejects", str(rejects)))
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    summary = json.loads(output)
    assert summary["rejected_by_reason"] == {"column_count": 2, "not_a_number": 1, "time_unreadable": 2}
    assert summary["cells"] == summary["published"] + summary["missing"] + summary["rejected"] == 106
    assert "line 53, column PM2.5: not_a_number: found 'abc', expected a number" in errors
    assert len(rejects.read_text().splitlines()) == 4
    assert len(subscriber.of(f"{setting.prefix}-one")) == len(expected) + 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["none.csv", "--mapping", "beijing_air"], "none.csv: found No such file"),
        (["m.toml", "--mapping", "beijing_air"], "m.toml: found an empty first line"),
        (["one.csv", "--mapping", "beijing_air"], "no column named 'PM10'"),
        (["m.toml", "--mapping", "nowhere"], "mapping nowhere: file: found 'No such file"),
        (["m.toml", "--mapping", "m.toml", "--speed", "fast"], "--speed: found 'fast'"),
        (["m.toml", "--mapping", "m.toml", "--speed", "-1"], "--speed: found '-1'"),
        (["m.toml", "--mapping", "m.toml", "--mqtt-url", "127.0.0.1"], "broker 127.0.0.1: not the address"),
        (["m.toml", "--mapping", "m.toml", "--api-url", "ftp://x"], "ftp://x: not the address of an API"),
        (["one.csv", "--mapping", "m.toml", "--api-url", "http://127.0.0.1:1"], "no answer"),
        (["one.csv", "--mapping", "m.toml", "--state-dir", "m.toml"], "state m.toml"),
        (["one.csv", "--mapping", "m.toml", "--rejects", "no/such/folder"], "no/such/folder"),
    ],
)
def test_nonsense_is_named_in_one_line(setting: Setting, arguments: list[str], complaint: str) -> None:
    """Wrong files, mappings, speeds and addresses end with status 2 and one line that names them."""
    setting.write("one.csv", 3)
    done = subprocess.run(
        [sys.executable, "-m", "nhip", "replay", *arguments],
        cwd=setting.folder,
        env={**os.environ, "XDG_STATE_HOME": str(setting.folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
