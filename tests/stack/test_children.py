"""A child ends when it is asked, when it must, and when its parent is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from nhip.stack.children import Child, Program
from nhip.stack.errors import ChildFailedError, NotStartedError
from nhip.stack.identity import Mode, unprivileged

WAIT_S = 30.0

PARENT = """
import sys, time
from pathlib import Path
from nhip.stack.children import Child, Program
child = Child(Program(name="sleeper", command=(sys.executable, "-c", {code!r}), log=Path({log!r})))
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""


def wait_for(condition, what):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def sleeper(tmp_path, code="import time; time.sleep(600)", **options):
    return Child(
        Program(name="sleeper", command=(sys.executable, "-c", code), log=tmp_path / "child.log", **options)
    )


def test_kill_9_of_the_parent_ends_the_child(tmp_path):
    """Even a child that ignores everything it may ignore."""
    code = (
        "import signal, time\n"
        "signal.signal(15, signal.SIG_IGN)\n"
        "signal.signal(1, signal.SIG_IGN)\n"
        "time.sleep(600)"
    )
    script = PARENT.format(code=code, log=str(tmp_path / "log"))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        wait_for(lambda: "-c" in psutil.Process(pid).cmdline()[1:3], "the program behind the launcher")
        assert not gone(pid)
        parent.kill()
    wait_for(lambda: gone(pid), "the end of the child")


def test_a_child_whose_parent_died_before_it_could_ask_ends_by_itself(tmp_path):
    """The launcher compares its parent with the one it was told."""
    launcher = Path(sys.modules["nhip.stack.children"].launcher.__file__)
    orders = (
        '{"parent": 1, "death_signal": 9, "mode": "self", "name": "", "uid": 0, "gid": 0, "override": false}'
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(launcher), orders, "touch", str(tmp_path / "ran")], check=False
    )
    assert done.returncode != 0
    assert not (tmp_path / "ran").exists()


def test_stop_ends_a_child_that_ignores_sigterm(tmp_path):
    ready = tmp_path / "ready"
    code = (
        "import signal, time\n"
        "signal.signal(15, signal.SIG_IGN)\n"
        f"open({str(ready)!r}, 'w').close()\n"
        "time.sleep(600)"
    )
    child = sleeper(tmp_path, code, stop_signals=((signal.SIGTERM, 0.2),))
    child.start()
    wait_for(ready.exists, "the child to ignore SIGTERM")
    child.stop()
    assert child.poll() == -signal.SIGKILL


def test_stop_takes_the_grandchildren_along(tmp_path):
    code = (
        "import subprocess, sys, time\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, flush=True)\n"
        "time.sleep(600)"
    )
    child = sleeper(tmp_path, code)
    child.start()
    wait_for(child.said, "the grandchild's number")
    grandchild = int(child.said())
    child.stop()
    wait_for(lambda: gone(grandchild), "the end of the grandchild")


def test_the_log_says_why_a_start_failed(tmp_path):
    child = sleeper(tmp_path, "import sys; sys.exit('no bread at home')")
    child.start()
    with pytest.raises(
        ChildFailedError, match=r"(?s)sleeper ended with status 1 .*child\.log.*no bread at home"
    ):
        child.wait_until(lambda: False, WAIT_S)


def test_a_program_that_does_not_exist_is_named(tmp_path):
    child = Child(Program(name="ghost", command=("/no/such/program",), log=tmp_path / "log"))
    child.start()
    with pytest.raises(ChildFailedError, match="cannot start /no/such/program"):
        child.wait_until(lambda: False, WAIT_S)


def test_a_child_never_started_has_no_number_and_is_stopped_already(tmp_path):
    child = sleeper(tmp_path)
    child.stop()
    assert not child.running
    with pytest.raises(NotStartedError, match="sleeper"):
        child.pid  # noqa: B018 # the question is the test


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("folder_mode", [0o755, 0o700])
def test_as_root_a_child_runs_as_an_ordinary_user(tmp_path, folder_mode):
    """Also below a folder that is closed to that user, as /root is."""
    identity = unprivileged()
    assert identity.mode in {Mode.USER, Mode.NAMESPACE}
    folder = tmp_path / "closed" / "own"
    folder.mkdir(parents=True)
    (tmp_path / "closed").chmod(folder_mode)
    identity.own(folder)
    code = (
        f"import os; print(os.geteuid()); open({str(folder / 'file')!r}, 'w').close()\n"
        # As PostgreSQL asks for its own programs, which may be below such a folder too.
        f"print(os.access({str(folder / 'file')!r}, os.R_OK))"
    )
    child = sleeper(tmp_path, code, identity=identity, paths=(folder,))
    child.start()
    assert child.wait(WAIT_S) == 0, child.said()
    assert child.said().split() == [str(identity.uid), "True"]
    assert (folder / "file").exists()
