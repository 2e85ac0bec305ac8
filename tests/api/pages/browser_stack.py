"""What stands around a browser: the real API and ingester, a database and a broker, gateways that send."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import paho.mqtt.client as mqtt
import psycopg
import uvicorn

from api.app import create_app
from api.settings import ApiSettings
from domain.credentials import api_key_hash, api_key_prefix, new_api_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store import StoreSettings

START_S_MAX = 30.0
SEND_EVERY_S = 0.3
_INGEST = (
    "from ingest.service import run\n"
    "from ingest.settings import IngestSettings\n"
    "from store import StoreSettings\n"
    "raise SystemExit(run(IngestSettings(), StoreSettings()))\n"
)


def find_chromium() -> str | None:
    """The browser to test with, None when this machine has none."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


@contextmanager
def running_api(store_settings: StoreSettings) -> Iterator[str]:
    """The API on a free port; yields its address."""
    settings = ApiSettings(port=0, credential_wait_s_max=0)
    server = uvicorn.Server(
        uvicorn.Config(create_app(settings, store_settings), port=0, log_level="warning", lifespan="on")
    )
    thread = threading.Thread(target=server.run, name="api", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_S_MAX
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            message = "the API did not start"
            raise RuntimeError(message)
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(START_S_MAX)


@contextmanager
def running_ingest(dsn: str, broker_url: str) -> Iterator[None]:
    """The ingester as a process of its own, as in production."""
    environment = {**os.environ, "NHIP_STORE_DSN": dsn, "NHIP_INGEST_MQTT_URL": broker_url}
    process = subprocess.Popen([sys.executable, "-c", _INGEST], env=environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(START_S_MAX)


def make_key(dsn: str, role: str = "admin") -> str:
    """A key of the given role, put straight into the database."""
    key = new_api_key()
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO api_key (name, role, key_prefix, key_hash) VALUES (%s, %s, %s, %s)",
            ("browser test", role, api_key_prefix(key), api_key_hash(key)),
        )
    return key


class Registry:
    """Creates what a test needs through the API."""

    def __init__(self, address: str, key: str) -> None:
        self._client = httpx.Client(
            base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=30
        )

    def close(self) -> None:
        self._client.close()

    def add(self, noun: str, **body: object) -> dict[str, Any]:
        response = self._client.post(f"/{noun}", json=body)
        assert response.status_code == 201, response.text
        return response.json()

    def items(self, noun: str, **query: str) -> list[dict[str, Any]]:
        response = self._client.get(f"/{noun}", params=query)
        assert response.status_code == 200, response.text
        return response.json()["items"]


@contextmanager
def sending_gateway(host: str, port: int, gateway: str, sensor: str, unit: str) -> Iterator[None]:
    """A gateway that nobody has registered and that sends 0.021, 0.022, 0.023 … until the block ends."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=gateway)
    client.connect(host, port)
    client.loop_start()
    stop = threading.Event()

    def send() -> None:
        number = 0
        while not stop.wait(SEND_EVERY_S):
            number += 1
            reading = {
                "s": sensor,
                "t": round(time.time(), 3),
                "v": round(0.02 + number / 1000, 3),
                "u": unit,
            }
            client.publish(f"nhip/v1/{gateway}/data", json.dumps({"id": number, "r": [reading]}), qos=1)

    thread = threading.Thread(target=send, name=gateway, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        client.disconnect()
        client.loop_stop()
