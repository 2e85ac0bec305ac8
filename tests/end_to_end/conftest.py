"""The whole platform as its user starts it: `nhip demo --json` in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STOP_TIMEOUT_S = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Platform:
    """A running demo and the ways to talk to it."""

    process: subprocess.Popen[str]
    facts: dict[str, Any]
    data_dir: Path
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(
            base_url=self.facts["api"],
            headers={"Authorization": f"Bearer {self.facts['admin_key']}"},
            timeout=30,
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "NHIP_API_URL": self.facts["api"],
            "NHIP_API_KEY": self.facts["admin_key"],
            "NHIP_MQTT_URL": self.facts["mqtt"],
        }

    def nhip(self, *arguments: str, timeout_s: float = 240) -> subprocess.CompletedProcess[str]:
        """Run a client command against this platform."""
        return subprocess.run(
            [sys.executable, "-m", "nhip", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.facts["dsn"]) as connection:
            return connection.execute(sql, parameters).fetchall()

    def items(self, path: str, **parameters: object) -> list[dict[str, Any]]:
        """All items of a paged collection."""
        found: list[dict[str, Any]] = []
        query = {key.rstrip("_"): str(value) for key, value in parameters.items()}
        while True:
            answer = self.http.get(path, params=query)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found.extend(page["items"])
            if page["next"] is None:
                return found
            query["cursor"] = page["next"]

    def settle(self, timeout_s: float = 120) -> None:
        """Wait until processing has nothing left to do."""
        wait_until(
            lambda: self.query("SELECT count(*) FROM dirty_hour")[0][0] == 0,
            timeout_s,
            "dirty hours were never all processed",
        )


def wait_until(condition: Callable[[], bool], timeout_s: float, complaint: str) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(complaint)
        time.sleep(0.2)


def start_demo(data_dir: Path, *arguments: str) -> Platform:
    complaints = data_dir.with_suffix(".err")
    with complaints.open("w") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "nhip", "demo", "--json"),
                *("--api-port", str(free_port()), "--mqtt-port", str(free_port())),
                *("--data-dir", str(data_dir), *arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.stdout.close()
        process.wait(STOP_TIMEOUT_S)
        raise AssertionError(complaints.read_text())
    return Platform(process, json.loads(line), data_dir)


def stop_demo(platform: Platform) -> list[psutil.Process]:
    """End the demo as Ctrl-C does and return what is left of its processes."""
    family = [platform.process.pid, *platform.facts["pids"].values()]
    processes = [psutil.Process(pid) for pid in family if psutil.pid_exists(pid)]
    for process in list(processes):
        processes.extend(process.children(recursive=True))
    platform.http.close()
    platform.process.send_signal(signal.SIGINT)
    platform.process.wait(STOP_TIMEOUT_S)
    assert platform.process.stdout is not None
    platform.process.stdout.close()
    _, alive = psutil.wait_procs(processes, timeout=5)
    return alive


@pytest.fixture(scope="module")
def given_database(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """`--dsn …` for a fresh database where the suite runs against a given server, else nothing."""
    if request.config.getoption("--dsn") is None:
        yield []
        return
    with request.getfixturevalue("new_database")() as dsn:
        yield ["--dsn", dsn]


@pytest.fixture(scope="module")
def platform(given_database: list[str]) -> Iterator[Platform]:
    """A platform without a simulated city, on free ports, with its own data folder."""
    # Not pytest's own folder, which the database's user cannot reach.
    with tempfile.TemporaryDirectory(prefix="nhip-test-demo-") as folder:
        Path(folder).chmod(0o711)
        running = start_demo(Path(folder) / "data", "--no-sim", *given_database)
        yield running
        assert stop_demo(running) == []
