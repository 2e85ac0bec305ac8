"""A PostgreSQL server of our own: made, started, stopped and restarted as a direct child."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import psycopg
from psycopg import sql

from nhip.stack.children import Child, Program
from nhip.stack.errors import ChildFailedError, NotStartedError
from nhip.stack.identity import Identity, unprivileged
from nhip.stack.ports import free_port
from nhip.stack.postgres_binaries import PostgresBinaries, find_binaries
from nhip.stack.vault import Vault

if TYPE_CHECKING:
    from types import TracebackType

SUPERUSER: Final = "nhip_owner"
DATABASE: Final = "nhip"
_START_S_MAX: Final = 60.0
_INITDB_S_MAX: Final = 120.0
_START_ATTEMPTS_MAX: Final = 5
_SHARED_MEMORY_BYTES_MIN: Final = 256 * 1024 * 1024
# One machine, one user's memory; fsync and synchronous_commit stay on: an acknowledged reading is on disk.
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "max_connections": "100",
    "max_locks_per_transaction": "256",  # a query over years of daily partitions locks each
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}


class EmbeddedPostgres:
    """A server below `data_dir`, on 127.0.0.1, with the database `nhip` and a superuser.

    Args:
        data_dir: a folder for the cluster, its log and, unless `vault` is given, its password; made when
            missing, used again when there.
        port: 0 takes a free one and keeps it over restarts.
        vault: where the superuser's password is kept.
        log: where the server writes.
        binaries: which PostgreSQL; by default the one of `find_binaries`.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = 0,
        vault: Vault | None = None,
        log: Path | None = None,
        binaries: PostgresBinaries | None = None,
    ) -> None:
        self.name = "postgres"
        self.data_dir = Path(data_dir)
        self.log = log or self.data_dir / "postgres.log"
        self._vault = vault or Vault(self.data_dir / "secrets")
        self._chosen = binaries
        self._port = port
        self._port_fixed = port != 0
        self._identity: Identity | None = None
        self._child: Child | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def cluster(self) -> Path:
        """The folder that PostgreSQL itself calls its data directory."""
        return self.data_dir / "cluster"

    @property
    def port(self) -> int:
        """The port it listens on (after `start`)."""
        return self._port

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        if self._child is None:
            raise NotStartedError(self.name)
        return self._child.pid

    @property
    def running(self) -> bool:
        """Say whether the postmaster runs."""
        return self._child is not None and self._child.running

    @property
    def password(self) -> str:
        """The superuser's password."""
        return self._vault.secret("postgres-superuser")

    @property
    def dsn(self) -> str:
        """The superuser's connection string to the database `nhip`."""
        return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self._port}/{DATABASE}"

    def start(self) -> None:
        """Make the cluster if there is none, start the server and return when it answers.

        Raises:
            ProgramMissingError: there is no PostgreSQL that fits.
            PrivilegeError: we are root and cannot become anybody else.
            ChildFailedError: initdb or the server failed; the message ends with what it said.
        """
        if self.running:
            return
        self._identity = unprivileged()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._identity.own(self.data_dir)
        binaries = self._chosen or find_binaries(self._cluster_major())
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster(binaries, self._identity)
        self._identity.own_tree(self.cluster)
        self._forget_stale_pid()
        for attempt in range(_START_ATTEMPTS_MAX):
            if not self._port_fixed and self._child is None:
                self._port = free_port()
            try:
                self._start_server(binaries, self._identity)
                break
            except ChildFailedError as error:
                # Another program may have taken the free port in between, and the last backends of a
                # killed server may still hold its shared memory for a moment.
                transient = "Address already in use" in str(error) or "shared memory block" in str(error)
                if not transient or attempt + 1 == _START_ATTEMPTS_MAX:
                    raise
        self._make_database()

    def stop(self) -> None:
        """Stop the server: fast, then at once, then by force."""
        if self._child is not None:
            self._child.stop()

    def terminate(self) -> None:
        """Ask it to end; does not wait."""
        if self._child is not None:
            self._child.terminate()

    def restart(self) -> None:
        """Stop the server if it runs and start it again on the same port."""
        self.stop()
        self.start()

    def _cluster_major(self) -> int | None:
        version = self.cluster / "PG_VERSION"
        return int(version.read_text(encoding="ascii").strip()) if version.exists() else None

    def _make_cluster(self, binaries: PostgresBinaries, identity: Identity) -> None:
        unfinished = self.data_dir / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        identity.own(unfinished)
        password_file = self.data_dir / ".password"
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.password)
        identity.own(password_file)
        try:
            try:
                self._run_initdb(binaries, identity, unfinished, "C.UTF-8")
            except ChildFailedError as error:
                if "locale" not in str(error):
                    raise
                self._run_initdb(binaries, identity, unfinished, "C")  # a system without C.UTF-8
        finally:
            password_file.unlink(missing_ok=True)
        unfinished.rename(self.cluster)  # so that an interrupted initdb leaves no half cluster behind

    def _run_initdb(self, binaries: PostgresBinaries, identity: Identity, folder: Path, locale: str) -> None:
        child = Child(
            Program(
                name="initdb",
                command=(
                    str(binaries.initdb),
                    f"--pgdata={folder}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={self.data_dir / '.password'}",
                    "--auth-host=scram-sha-256",
                    "--auth-local=scram-sha-256",
                    f"--locale={locale}",
                    "--encoding=UTF8",
                    "--no-sync",  # an interrupted initdb is repeated, not repaired
                ),
                log=self.log,
                identity=identity,
                paths=(folder,),
            )
        )
        child.start()
        try:
            status = child.wait(_INITDB_S_MAX)
        finally:
            child.kill()
        if status != 0:
            raise child.failed("was too slow" if status is None else f"ended with status {status}")
        # What initdb did not sync must be on disk before anything is promised.
        subprocess.run(["sync", "--file-system", str(folder)], check=False)  # noqa: S603, S607 # coreutils

    def _start_server(self, binaries: PostgresBinaries, identity: Identity) -> None:
        settings = dict(_SETTINGS)
        if _shared_memory_is_small():
            settings["dynamic_shared_memory_type"] = "mmap"
        options = [item for name, value in settings.items() for item in ("-c", f"{name}={value}")]
        self._child = Child(
            Program(
                name="postgres",
                command=(str(binaries.postgres), "-D", str(self.cluster), "-p", str(self._port), *options),
                log=self.log,
                identity=identity,
                paths=(self.cluster,),
                stop_signals=((signal.SIGINT, 2.5), (signal.SIGQUIT, 1.0)),
                # Immediate: its own children end at once, and the next start recovers from the log.
                death_signal=signal.SIGQUIT,
            )
        )
        self._child.start()
        try:
            self._child.wait_until(self._answers, _START_S_MAX)
        except BaseException:
            self._child.stop()
            raise

    def _answers(self) -> bool:
        try:
            self._connection().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connection(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self._port,
            user=SUPERUSER,
            password=self.password,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def _make_database(self) -> None:
        with self._connection() as connection:
            there = connection.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if there is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _forget_stale_pid(self) -> None:
        """Remove the pid file of a killed server whose number now belongs to another program.

        PostgreSQL itself handles a number that is free; it refuses to start when the number is in use by
        any process of its user, which is common in containers, where numbers start again from 1.
        """
        path = self.cluster / "postmaster.pid"
        try:
            pid = int(path.read_text(encoding="ascii").split("\n", 1)[0])
            program = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return
        if program not in {"postgres", "postmaster"}:
            path.unlink(missing_ok=True)


def _shared_memory_is_small() -> bool:
    # Docker gives 64 MB by default; a parallel query then fails in the middle.
    try:
        status = os.statvfs("/dev/shm")  # noqa: S108 # only its size is asked
    except OSError:
        return True
    return status.f_bavail * status.f_frsize < _SHARED_MEMORY_BYTES_MIN
