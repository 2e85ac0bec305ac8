"""The servers of a benchmark: PostgreSQL, a broker, fresh databases, and the ingester as a child."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from bench.ingest.blaster import connected
from bench.ingest.workload import gateway_code, sensor_name
from nhip.stack.broker import EmbeddedBroker
from nhip.stack.broker_access import SERVICE_USER
from nhip.stack.broker_binaries import find_broker
from nhip.stack.ports import free_port
from nhip.stack.postgres import EmbeddedPostgres
from nhip.stack.postgres_binaries import find_binaries
from store import StoreSettings
from store.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

    from bench.ingest.workload import Workload

_TEMPLATE: Final = "bench_template"
_DATABASE: Final = "bench"
_ROLE: Final = "nhip_ingest"
_READY_S_MAX: Final = 30.0
_END_S_MAX: Final = 20.0


class BenchmarkError(Exception):
    """A measurement cannot be trusted or did not come about; the text says why."""


@dataclass(frozen=True, slots=True)
class Blast:
    """What the publisher reports: seconds since 1970, and its CPU."""

    began_s: float
    ended_s: float
    cpu_s: float


class Rig:
    """PostgreSQL and a broker below a folder.

    Args:
        folder: for their files and logs; reachable by the servers' own user.
        gateways: to register.
        sensors: to register, dealt out evenly.
        connections: of the publisher.
    """

    def __init__(self, folder: Path, *, gateways: int, sensors: int, connections: int) -> None:
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder / "postgres")
        # By name: with the substitute broker nothing but that would be measured.
        self._binary = find_broker(lambda text: print(text, file=sys.stderr))
        self.broker = EmbeddedBroker(folder / "broker", binary=self._binary)
        self._gateways = gateways
        self._sensors = sensors
        self._connections = connections
        self._password = ""

    @contextmanager
    def running(self) -> Generator[None]:
        """Run both servers, with a migrated template that has gateways and sensors."""
        with self.postgres, self.broker:
            self._make_template()
            yield

    @property
    def psql(self) -> str:
        """The client program beside the server's own."""
        own = find_binaries().folder / "psql"
        found = str(own) if own.exists() else shutil.which("psql")
        if found is None:
            message = "psql is neither beside the server nor on PATH"
            raise BenchmarkError(message)
        return found

    @property
    def template_dsn(self) -> str:
        """The superuser's DSN of the database that all others are copies of."""
        return make_conninfo(self.postgres.dsn, dbname=_TEMPLATE)

    @staticmethod
    def sensor_ids(connection: psycopg.Connection[Any]) -> NDArray[np.int64]:
        """Return the database ids of the sensors in the order of `Workload.columns`, shape (sensors,)."""
        # Codes sort by gateway and then by place: both numbers have a fixed width.
        rows = connection.execute('SELECT id FROM sensor ORDER BY code COLLATE "C"').fetchall()
        return np.array([row[0] for row in rows], dtype=np.int64)

    def maintenance(self) -> psycopg.Connection[Any]:
        """Return an autocommit connection of the superuser to the database `nhip`."""
        return psycopg.connect(self.postgres.dsn, autocommit=True)

    def check_durability(self) -> dict[str, str]:
        """Return the settings that make a commit durable; they must be on.

        Raises:
            BenchmarkError: one is off.
        """
        names = ("fsync", "synchronous_commit", "full_page_writes")
        with self.maintenance() as connection:
            values = {name: str(connection.execute(f"SHOW {name}").fetchone()[0]) for name in names}  # type: ignore[index] # SHOW has a row
        if set(values.values()) != {"on"}:
            message = f"commits are not durable: {values}"
            raise BenchmarkError(message)
        return values

    def versions(self) -> dict[str, str]:
        """Return what is measured, by name."""
        with self.maintenance() as connection:
            row = connection.execute("SHOW server_version").fetchone()
        answer = subprocess.run(
            [str(self._binary.path), "-h"],
            env=os.environ | dict(self._binary.environment),
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        broker = answer.splitlines()[0] if answer else "?"
        return {"PostgreSQL": str(row[0]) if row else "?", "broker": broker}

    @contextmanager
    def database(self, workload: Workload) -> Generator[str]:
        """A fresh copy of the template with partitions for the workload; yields the superuser's DSN."""
        with self.maintenance() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(_DATABASE))
            )
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(_DATABASE), sql.Identifier(_TEMPLATE)
                )
            )
        dsn = make_conninfo(self.postgres.dsn, dbname=_DATABASE)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "SELECT ensure_reading_partitions(to_timestamp(%s), to_timestamp(%s))",
                (workload.first_s, workload.first_s + workload.span_s),
            )
            # Every run begins behind a checkpoint: full-page writes and background work are the same for all.
            connection.execute("CHECKPOINT")
        yield dsn

    def forget_sessions(self, *client_ids: str) -> None:
        """Remove what the broker keeps for these clients."""
        for client_id in client_ids:
            sock = connected(self.broker.port, client_id, (SERVICE_USER, self.broker.password))
            sock.sendall(b"\xe0\x00")
            sock.close()

    @contextmanager
    def ingester(self, dsn: str, **settings: str) -> Generator[subprocess.Popen[bytes]]:
        """Run `nhip ingest`, ready when the context begins, ended in order with it.

        Args:
            dsn: the superuser's; the ingester gets a role of its own.
            settings: environment variables without `NHIP_INGEST_`.

        Yields:
            The process.
        """
        port = free_port()
        environment = os.environ | {
            "NHIP_INGEST_MQTT_URL": self.broker.url,
            "NHIP_STORE_DSN": make_conninfo(dsn, user=_ROLE, password=self._password),
            "NHIP_INGEST_METRICS_PORT": str(port),
        }
        environment |= {f"NHIP_INGEST_{name.upper()}": value for name, value in settings.items()}
        with (self.folder / "ingester.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, "-m", "nhip", "ingest"], env=environment, stderr=log)
        try:
            _await_ready(process, port)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_END_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @contextmanager
    def blaster(
        self, packets: Path, counts: list[int], *, rate: float = 0.0
    ) -> Generator[subprocess.Popen[str]]:
        """The publisher, connected and waiting for `fire`; ended with the context.

        Args:
            packets: see `Workload.write_packets`.
            counts: likewise.
            rate: messages a second; 0 for as fast as it goes.
        """
        command = [sys.executable, "-m", "bench.ingest.blaster", "--port", str(self.broker.port)]
        command += ["--packets", str(packets), "--rate", str(rate), "--counts", *map(str, counts)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None  # noqa: S101 # asked for above
            if process.stdout.readline().strip() != "ready":
                message = "the publisher did not connect"
                raise BenchmarkError(message)
            yield process
        finally:
            process.kill()
            process.wait()

    def write_packets(self, workload: Workload) -> tuple[Path, list[int]]:
        """Encode all messages; the same workload is encoded once."""
        path = self.folder / f"packets-{workload.readings}-{workload.messages}-{workload.first_s}"
        counts_path = path.with_suffix(".counts")
        if counts_path.exists():
            return path, json.loads(counts_path.read_text("ascii"))
        counts = workload.write_packets(path, min(self._connections, self._gateways))
        counts_path.write_text(json.dumps(counts), "ascii")
        return path, counts

    def _make_template(self) -> None:
        with self.maintenance() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
        dsn = self.template_dsn
        migrate(StoreSettings(dsn=SecretStr(dsn)))
        self._password = self.postgres.password
        each = self._sensors // self._gateways
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(_ROLE), sql.Literal(self._password)
                )
            )
            connection.execute("INSERT INTO area (code, name, kind) VALUES ('bench', 'Bench', 'ward')")
            connection.execute(
                "INSERT INTO site (code, name, kind, area_id) SELECT 'bench', 'Bench', 'pole', id FROM area"
                " WHERE code = 'bench'"
            )
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO gateway (code, name, payload_format) VALUES (%(code)s, %(code)s, 'native')",
                    [{"code": gateway_code(number)} for number in range(self._gateways)],
                )
                cursor.executemany(
                    "INSERT INTO sensor (code, gateway_id, name, quantity, unit, interval_s, site_id)"
                    " SELECT %(gateway)s || '.' || %(name)s, g.id, %(name)s, 'pm25', 'ug/m3', 60, s.id"
                    " FROM gateway g, site s WHERE g.code = %(gateway)s AND s.code = 'bench'",
                    [
                        {"gateway": gateway_code(number), "name": sensor_name(place)}
                        for number in range(self._gateways)
                        for place in range(each)
                    ],
                )
            connection.execute("ANALYZE")


def fire(blaster: subprocess.Popen[str]) -> None:
    """Let a waiting publisher begin."""
    assert blaster.stdin is not None  # noqa: S101 # made with a pipe
    blaster.stdin.write("go\n")
    blaster.stdin.flush()


def report_of(blaster: subprocess.Popen[str]) -> Blast:
    """Wait for the end of a publisher and return what it reports.

    Raises:
        BenchmarkError: it failed.
    """
    assert blaster.stdout is not None  # noqa: S101 # made with a pipe
    line = blaster.stdout.readline()
    if not line:
        message = "the publisher failed; see above"
        raise BenchmarkError(message)
    return Blast(**json.loads(line))


def _await_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline_s = time.monotonic() + _READY_S_MAX
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            message = f"the ingester ended with {process.returncode}"
            raise BenchmarkError(message)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):  # ours
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
    message = "the ingester was not ready in time"
    raise BenchmarkError(message)
