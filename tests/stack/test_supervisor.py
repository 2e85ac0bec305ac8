"""Dead children come back, the list of process ids is true, and all end in order."""

import json
import os
import signal
import sys
import time

import psutil
import pytest

from nhip.stack.children import Child, Program
from nhip.stack.errors import ChildFailedError
from nhip.stack.supervisor import StopRequested, Supervisor, stop_on_signals

WAIT_S = 30.0


class Sleeper:
    """A real process that notes its end in a file."""

    def __init__(self, name, folder, code="import time; time.sleep(600)"):
        self.name = name
        self._child = Child(
            Program(
                name=name,
                command=(sys.executable, "-c", code),
                log=folder / f"{name}.log",
                stop_signals=((signal.SIGTERM, 5.0),),
            )
        )
        self.events = []

    @property
    def pid(self):
        return self._child.pid

    @property
    def running(self):
        return self._child.running

    def start(self):
        self._child.start()

    def terminate(self):
        self.events.append(f"ask {self.name}")
        self._child.terminate()

    def stop(self):
        self._child.stop()
        self.events.append(f"ended {self.name}")


@pytest.fixture
def lines():
    return []


@pytest.fixture
def supervisor(tmp_path, lines):
    supervisor = Supervisor(tmp_path / "run" / "pids.json", lines.append)
    yield supervisor
    supervisor.stop()


def look_until(supervisor, condition, what):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        supervisor.look()
        time.sleep(0.02)


def pids(supervisor):
    return json.loads(supervisor.pids_file.read_text())


def test_a_killed_child_is_started_again_and_this_is_said(supervisor, lines, tmp_path):
    sleeper = Sleeper("api", tmp_path)
    supervisor.start(sleeper)
    first = sleeper.pid
    assert pids(supervisor) == {"api": first}
    os.kill(first, signal.SIGKILL)
    look_until(supervisor, lambda: len(lines) >= 2, "two lines")
    assert sleeper.running
    assert sleeper.pid != first
    assert pids(supervisor) == {"api": sleeper.pid}
    assert f"api (PID {first}) died" in lines[0]
    assert lines[1] == f"api runs again (PID {sleeper.pid})"


def test_a_child_that_keeps_dying_is_tried_ever_less_often(supervisor, lines, tmp_path):
    supervisor.start(Sleeper("api", tmp_path, "raise SystemExit(1)"))
    look_until(supervisor, lambda: sum("died" in line for line in lines) >= 3, "three deaths")
    deaths = [line for line in lines if "died" in line]
    assert [line.rsplit(" in ", 1)[1] for line in deaths[:3]] == ["0.2 s", "1 s", "2 s"]


def test_all_end_in_the_order_of_the_stages_then_backwards(supervisor, tmp_path):
    events = []
    sleepers = {name: Sleeper(name, tmp_path) for name in ("database", "broker", "ingest", "api")}
    for sleeper in sleepers.values():
        sleeper.events = events
        supervisor.start(sleeper)
    processes = [psutil.Process(sleeper.pid) for sleeper in sleepers.values()]
    supervisor.stop((("api", "ingest"), ("absent",)))
    assert events == [
        *("ask api", "ask ingest", "ended api", "ended ingest"),
        *("ask broker", "ended broker", "ask database", "ended database"),
    ]
    assert not psutil.wait_procs(processes, timeout=WAIT_S)[1]
    assert not supervisor.pids_file.exists()


def test_a_child_that_fails_to_start_is_ended_with_the_others(supervisor, tmp_path):
    class Failing(Sleeper):
        def start(self):
            super().start()
            cause = "is not in the mood"
            raise ChildFailedError(self.name, cause)

    failing = Failing("broker", tmp_path)
    with pytest.raises(ChildFailedError, match="broker is not in the mood"):
        supervisor.start(failing)
    assert failing.running
    supervisor.stop()
    assert not failing.running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_an_order_to_stop_once(number):
    before = signal.getsignal(number)

    def work():
        with stop_on_signals():
            try:
                os.kill(os.getpid(), number)
                time.sleep(WAIT_S)
            finally:
                os.kill(os.getpid(), number)  # an impatient second one does not cut the ending short

    with pytest.raises(StopRequested):
        work()
    assert signal.getsignal(number) is before
