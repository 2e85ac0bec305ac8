"""Servers and ingesters as processes that can be killed, stopped and started again."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from nhip.stack.broker import EmbeddedBroker
from nhip.stack.postgres import EmbeddedPostgres
from store.migrations import migrate
from tests.conftest import ROLE_PASSWORD, settings_for
from tests.faults.gateways import SENSORS, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
RECEIVER = Path(__file__).with_name("receiver.py")


class Process:
    """A child whose log is read all the time, line by line."""

    def __init__(self, command: list[str], environment: dict[str, str], *, cwd: Path = ROOT) -> None:
        self.child = subprocess.Popen(
            command, env=os.environ | environment, cwd=cwd, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.child.stderr is not None
        for line in self.child.stderr:
            self.lines.append(line.decode(errors="replace").rstrip())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def signal(self, number: int) -> None:
        self.child.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait until the kernel has let it go."""
        self.child.kill()
        self.child.wait()
        self._thread.join(5)
        if self.child.stderr is not None:
            self.child.stderr.close()

    def said(self, word: str, *, count: int = 1, wait_s: float = 60.0) -> dict[str, Any]:
        """Wait for the n-th line with a word; return it decoded."""

        def found() -> str | None:
            hits = [line for line in list(self.lines) if word in line]
            if len(hits) >= count:
                return hits[count - 1]
            assert self.child.poll() is None or self._thread.is_alive(), f"ended: {self.lines[-5:]}"
            return None

        line = eventually(found, f"{word} in the log", wait_s)
        with contextlib.suppress(ValueError):
            return dict(json.loads(line))
        return {"text": line}

    @property
    def alive(self) -> bool:
        return self.child.poll() is None

    @property
    def resident_bytes(self) -> int:
        """VmRSS of the process."""
        for line in Path(f"/proc/{self.child.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(self.child.pid)

    @property
    def cpu_s(self) -> float:
        times = psutil.Process(self.child.pid).cpu_times()
        return float(times.user + times.system)


def ingester(broker_url: str, dsn: str, *, cwd: Path = ROOT, **environment: str) -> Process:
    """`nhip ingest` of the code below `cwd`."""
    return Process(
        [sys.executable, "-m", "nhip", "ingest", "--json"],
        {
            "NHIP_STORE_DSN": dsn,
            "NHIP_INGEST_MQTT_URL": broker_url,
            "NHIP_INGEST_RECONNECT_S_MAX": "0.5",
            "NHIP_INGEST_RETRY_S_MAX": "0.5",
            "PYTHONPATH": str(cwd),
        }
        | environment,
        cwd=cwd,
    )


def bad_receiver(mode: str, broker_url: str, dsn: str) -> Process:
    """A known-bad receiver, see receiver.py."""
    return Process([sys.executable, str(RECEIVER), mode, broker_url, dsn], {})


class Ground:
    """A PostgreSQL and a broker of our own, migrated, for tests that kill them."""

    def __init__(self, folder: Path, *, anonymous: bool = True) -> None:
        self.postgres = EmbeddedPostgres(folder / "postgres")
        self.broker = EmbeddedBroker(folder / "broker", anonymous=anonymous)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.postgres)
        self._stack.enter_context(self.broker)
        self.migrate()
        self.execute(f"ALTER ROLE nhip_ingest LOGIN PASSWORD '{ROLE_PASSWORD}'")
        self.execute("INSERT INTO area (code, name, kind) VALUES ('a', 'A', 'ward')")
        self.execute("INSERT INTO site (code, name, kind, area_id) VALUES ('s', 'S', 'pole', 1)")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def migrate(self) -> None:
        """Bring the database to the schema of this code."""
        migrate(settings_for(self.postgres.dsn))

    @property
    def dsn(self) -> str:
        """Of the superuser."""
        return self.postgres.dsn

    @property
    def ingest_dsn(self) -> str:
        """Of the ingester's role."""
        return make_conninfo(self.postgres.dsn, user="nhip_ingest", password=ROLE_PASSWORD)

    @property
    def address(self) -> tuple[str, int]:
        """Of the broker."""
        return self.broker.host, self.broker.port

    def ingester(self, **environment: str) -> Process:
        return ingester(self.broker.url, environment.pop("dsn", self.ingest_dsn), **environment)

    def execute(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(query, parameters or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def gateways(self, count: int, *, archive: bool = False) -> list[str]:
        """Register gateways with two sensors each."""
        codes = [f"gw-{secrets.token_hex(4)}" for _ in range(count)]
        for code in codes:
            self.execute("INSERT INTO gateway (code, name, archive) VALUES (%s, %s, %s)", code, code, archive)
            for name in SENSORS:
                self.sensor(code, name)
        return codes

    def sensor(self, gateway: str, name: str, quantity: str = "active_power", unit: str = "kW") -> None:
        self.execute(
            "INSERT INTO sensor (code, gateway_id, name, quantity, unit, interval_s, site_id)"
            " SELECT %s || '.' || %s, id, %s, %s, %s, 60, 1 FROM gateway WHERE code = %s",
            gateway, name, name, quantity, unit, gateway,
        )  # fmt: skip

    def stored_count(self, gateways: list[str]) -> int:
        rows = self.execute(
            "SELECT count(*) FROM reading JOIN sensor ON sensor.id = sensor_id"
            " JOIN gateway g ON g.id = gateway_id WHERE g.code = ANY(%s)",
            gateways,
        )
        return int(rows[0][0])

    def kill_broker(self) -> None:
        os.kill(self.broker.pid, signal.SIGKILL)
        eventually(lambda: not self.broker.running, "the broker is dead")

    def kill_postgres(self) -> None:
        """kill -9 the postmaster and every backend, so that nothing is written on the way out."""
        master = psutil.Process(self.postgres.pid)
        master.send_signal(signal.SIGSTOP)  # it must not restart what we kill
        doomed = [*master.children(recursive=True), master]
        for each in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        eventually(lambda: not self.postgres.running, "the server is dead")
        psutil.wait_procs(doomed[:-1], timeout=10)

    @contextlib.contextmanager
    def without_session(self) -> Iterator[None]:
        """Begin with an empty broker: no test meets the messages of another."""
        self.broker.stop()
        for kept in (self.broker.data_dir / "store").glob("*"):
            kept.unlink()
        self.broker.start()
        yield


def frozen(pid: int, seconds: float) -> None:
    """SIGSTOP a process, and SIGCONT it after so long."""
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)
