"""The embedded PostgreSQL: started, stopped, killed, started again, and nothing committed is lost."""

import os
import signal
import subprocess
import time

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from nhip.stack.errors import ChildFailedError, ProgramMissingError
from nhip.stack.postgres import EmbeddedPostgres
from nhip.stack.postgres_binaries import find_binaries


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    # Below pytest's own folder, which is closed to others: the way of `--data-dir` below /root.
    with EmbeddedPostgres(tmp_path_factory.mktemp("server")) as server:
        yield server


def note(server, text):
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES (%s)", (text,))


def notes(server):
    with psycopg.connect(server.dsn) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note ORDER BY text")]


def test_committed_rows_survive_kill_9(server):
    note(server, "committed")
    os.kill(server.pid, signal.SIGKILL)
    server.restart()
    assert "committed" in notes(server)


def test_a_second_server_object_opens_the_same_folder_with_the_same_password(server):
    note(server, "kept")
    server.stop()
    try:
        with EmbeddedPostgres(server.data_dir) as again:
            assert again.password == server.password
            assert "kept" in notes(again)
    finally:
        server.start()


def test_the_promise_of_durability_is_switched_on(server):
    with psycopg.connect(server.dsn) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "synchronous_commit")]
    assert shown == ["on", "on"]


def test_nobody_comes_in_without_the_password_and_nobody_from_outside(server):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(make_conninfo(server.dsn, password="wrong"))
    listening = {connection.laddr.ip for connection in psutil.Process(server.pid).net_connections("inet")}
    assert listening == {"127.0.0.1"}


def test_a_number_in_the_pid_file_that_now_belongs_to_another_program_does_not_block(server):
    """As in a container, where numbers start again from 1."""
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    pid_file = server.cluster / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    with subprocess.Popen(["/bin/sleep", "600"], user="nobody" if os.geteuid() == 0 else None) as other:
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]))
        try:
            server.start()
        finally:
            other.kill()
    assert server.running


def test_an_interrupted_initdb_is_begun_anew(tmp_path):
    half = tmp_path / "cluster.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("15\n")
    with EmbeddedPostgres(tmp_path) as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not half.exists()


def test_a_taken_port_is_reported_with_the_servers_own_words(server, tmp_path):
    with pytest.raises(ChildFailedError, match="Address already in use"):
        EmbeddedPostgres(tmp_path, port=server.port).start()


def test_stop_ends_every_backend_even_while_it_works(server):
    connection = psycopg.connect(server.dsn)
    processes = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    started = time.monotonic()
    server.stop()
    _, alive = psutil.wait_procs(processes, timeout=30)
    connection.close()
    server.start()
    assert not alive, f"still there after {time.monotonic() - started:.1f} s"


def test_a_cluster_is_opened_with_its_own_version_only():
    with pytest.raises(ProgramMissingError, match="PostgreSQL 9 "):
        find_binaries(9)


def test_the_wheels_binaries_start_too(tmp_path):
    """What a machine without a PostgreSQL of its own uses."""
    found = find_binaries(18)
    with EmbeddedPostgres(tmp_path, binaries=found) as server, psycopg.connect(server.dsn) as connection:
        assert connection.info.server_version // 10_000 == 18
