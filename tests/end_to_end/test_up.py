"""`nhip up`: the services against a configured broker and database, watched like those of the demo."""

import json
import os
import signal
import subprocess
import sys
import time

import httpx
import psutil

from nhip.stack.ports import free_port

WAIT_S = 120.0


def wait_for(condition, what):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


def ready(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


def test_up_runs_the_three_services_mends_them_and_ends_them(dsn, broker, tmp_path):
    port = free_port()
    environment = {
        **os.environ,
        "NHIP_STORE_DSN": dsn,
        "NHIP_INGEST_MQTT_URL": broker.url,
        "NHIP_INGEST_METRICS_PORT": str(free_port()),
        "NHIP_API_PORT": str(port),
    }
    pids_file = tmp_path / "pids.json"
    command = [
        sys.executable,
        "-m",
        "nhip.cli.main",
        "up",
        "--run-dir",
        str(tmp_path),
        "--log-dir",
        str(tmp_path),
    ]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as up:
        wait_for(lambda: ready(port), "the API")
        wait_for(lambda: len(json.loads(pids_file.read_text())) == 3, "three services")
        first = json.loads(pids_file.read_text())
        assert set(first) == {"ingest", "process", "api"}
        os.kill(first["ingest"], signal.SIGKILL)
        wait_for(lambda: json.loads(pids_file.read_text())["ingest"] != first["ingest"], "a new ingest")
        processes = psutil.Process(up.pid).children(recursive=True)
        up.send_signal(signal.SIGTERM)
        _, said = up.communicate(timeout=WAIT_S)
    assert up.returncode == 0, said
    assert f"ingest (PID {first['ingest']}) died" in said
    assert not psutil.wait_procs(processes, timeout=WAIT_S)[1]
