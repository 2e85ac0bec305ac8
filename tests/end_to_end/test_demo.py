"""`nhip demo` as a user runs it: ready with one line, mended when something dies, gone without a trace."""

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

READY_S = 180.0
WAIT_S = 60.0


class Demo:
    """A running demo."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "nhip.cli.main", "demo", "--no-sim", "--json", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(f"the demo did not start: {self.process.stderr.read()}")
        self.answer = json.loads(line)

    @property
    def pids(self):
        return self.answer["pids"]

    def processes(self):
        """The demo and all that descends from it, now."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def end(self, number):
        """Send a signal, wait for the end, return the status and whatever else was printed."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, out, err


@contextmanager
def demo(*arguments):
    running = Demo("--api-port", "0", "--mqtt-port", "0", *arguments)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
            running.process.communicate()


def get(url):
    try:
        return httpx.get(url, timeout=10).status_code
    except httpx.TransportError:
        return None


def wait_for(condition, what):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)


def none_left(processes):
    _, alive = psutil.wait_procs(processes, timeout=WAIT_S)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ready_with_one_json_line_and_nothing_left_after_the_end(number):
    """All that the line promises is there; the signal ends all with status 0, the throw-away folder goes."""
    with demo() as running:
        answer = running.answer
        assert set(answer) == {"api", "mqtt", "dsn", "admin_key", "pids"}
        assert set(answer["pids"]) == {"postgres", "broker", "ingest", "process", "api"}
        assert all(psutil.pid_exists(pid) for pid in answer["pids"].values())
        assert get(f"{answer['api']}/healthz") == 200
        assert get(f"{answer['api']}/readyz") == 200
        with psycopg.connect(answer["dsn"]) as connection:
            assert connection.execute("SELECT count(*) > 0 FROM quantity").fetchone() == (True,)
            folder = connection.execute("SHOW data_directory").fetchone()[0]
        processes = running.processes()
        status, out, err = running.end(number)
    assert status == 0, err
    assert out == ""
    assert not none_left(processes)
    assert not Path(folder).exists()


def test_kill_9_of_the_demo_leaves_no_orphan():
    with demo() as running:
        processes = running.processes()
        assert len(processes) > 6
        running.process.kill()
        running.process.communicate()
        assert not none_left(processes)


def test_what_dies_is_started_again_and_the_list_of_numbers_is_true(tmp_path):
    """Each in turn is killed; the list then has a new living number, and the API answers again."""
    with demo("--data-dir", str(tmp_path / "data")) as running:
        pids_file = tmp_path / "data" / "run" / "pids.json"
        assert json.loads(pids_file.read_text()) == running.pids
        for name, pid in running.pids.items():
            os.kill(pid, signal.SIGKILL)
            wait_for(
                lambda name=name, pid=pid: json.loads(pids_file.read_text())[name] != pid, f"a new {name}"
            )
        current = json.loads(pids_file.read_text())
        assert all(psutil.pid_exists(pid) for pid in current.values())
        wait_for(lambda: get(f"{running.answer['api']}/readyz") == 200, "the API")
        status, _, err = running.end(signal.SIGTERM)
    assert status == 0
    for name, pid in running.pids.items():
        assert f"{name} (PID {pid}) died" in err
    assert not pids_file.exists()


def test_a_kept_folder_keeps_the_data_and_the_key_and_has_one_user_at_a_time(tmp_path):
    data = str(tmp_path / "data")
    with demo("--data-dir", data) as first:
        with psycopg.connect(first.answer["dsn"]) as connection:
            connection.execute("INSERT INTO gateway (code, name) VALUES ('gw-kept', 'kept')")
        second = subprocess.run(
            [
                sys.executable,
                "-m",
                "nhip.cli.main",
                "demo",
                "--api-port",
                "0",
                "--mqtt-port",
                "0",
                "--data-dir",
                data,
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_S,
        )
        assert second.returncode == 2
        assert f"is in use by PID {first.process.pid}" in second.stderr
        first.end(signal.SIGKILL)
    with demo("--data-dir", data) as again:
        assert again.answer["admin_key"] == first.answer["admin_key"]
        with psycopg.connect(again.answer["dsn"]) as connection:
            kept = connection.execute("SELECT code FROM gateway WHERE code = 'gw-kept'").fetchone()
        assert kept == ("gw-kept",)
        again.end(signal.SIGTERM)


def test_a_given_server_and_broker_are_used_and_left_running(dsn, broker):
    """Nothing of them is started or stopped, and the key of a thrown away demo does not stay valid."""
    with demo("--dsn", dsn, "--mqtt", broker.url) as running:
        assert set(running.pids) == {"ingest", "process", "api"}
        assert running.answer["dsn"] == dsn
        assert running.answer["mqtt"] == broker.public_url
        assert broker.password not in running.answer["mqtt"]
        status, _, err = running.end(signal.SIGINT)
        assert status == 0, err
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM api_key WHERE revoked_at IS NULL").fetchone() == (0,)


def test_an_order_to_end_is_obeyed_while_it_is_still_starting(tmp_path):
    command = [sys.executable, "-m", "nhip.cli.main", "demo", "--json", "--api-port", "0", "--mqtt-port", "0"]
    with subprocess.Popen(
        [*command, "--data-dir", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_for((tmp_path / "data" / "postgres").exists, "the beginning of the start")
        processes = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAIT_S)
    assert (process.returncode, out) == (0, ""), err
    assert not none_left(processes)


def test_the_end_of_its_terminal_ends_it_in_order(tmp_path):
    """Who closes the window leaves nothing behind, not even the folder: there is nowhere left to write."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TMPDIR"] = str(tmp_path)
        command = ["-m", "nhip.cli.main", "demo", "--no-sim", "--api-port", "0", "--mqtt-port", "0"]
        os.execv(sys.executable, [sys.executable, *command])  # noqa: S606 # this very interpreter
    shown = b""
    while b"Ctrl-C:" not in shown:
        shown += os.read(terminal, 4096)
    processes = psutil.Process(pid).children(recursive=True)
    os.close(terminal)
    assert os.waitpid(pid, 0)[1] == 0
    assert len(processes) > 5
    assert not none_left(processes)
    assert not list(tmp_path.glob("nhip-demo-*"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_end_of_make_ends_what_make_started(tmp_path, number):
    """`make demo` is one thing to its user, also when a signal reaches make alone."""
    makefile = tmp_path / "Makefile"
    python = shlex.quote(sys.executable)
    command = f"{python} -m nhip.cli.main demo --no-sim --json --api-port 0 --mqtt-port 0"
    makefile.write_text(f"demo:\n\t@exec {command}\n")
    with subprocess.Popen(
        ["make", "--no-print-directory", "-f", str(makefile), "demo"],  # noqa: S607 # whichever make there is
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as make:
        assert json.loads(make.stdout.readline())["api"]
        processes = psutil.Process(make.pid).children(recursive=True)
        make.send_signal(number)
        _, err = make.communicate(timeout=WAIT_S)
    assert len(processes) > 6
    assert not none_left(processes)
    assert "Nothing is left running." in err
