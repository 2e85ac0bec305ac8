"""A taken port is reported before anything is started, with the name of who has it."""

import os
import socket
import subprocess
import sys

import pytest

from nhip.stack.errors import PortTakenError
from nhip.stack.ports import free_port, holder_of, require_free


def test_the_holder_is_named_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTakenError) as caught:
            require_free(port, "--api-port")
    assert f"port {port} is taken by PID {os.getpid()} (" in str(caught.value)
    assert "--api-port" in str(caught.value)


def test_a_holder_started_by_its_script_is_called_as_people_call_it(tmp_path):
    """`make demo` starts `.venv/bin/nhip`, a path of Python's."""
    program = "import socket\nserver = socket.create_server(('127.0.0.1', 0))\n"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nhip").write_text(f"{program}print(server.getsockname()[1], flush=True)\ninput()\n")
    with subprocess.Popen(
        [sys.executable, "bin/nhip", "demo"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert holder_of(int(process.stdout.readline())) == f"PID {process.pid} (nhip demo)"
        process.communicate("\n")


def test_a_holder_on_all_addresses_counts_too():
    with (
        socket.create_server(("0.0.0.0", 0)) as server,  # noqa: S104 # on purpose
        pytest.raises(PortTakenError),
    ):
        require_free(server.getsockname()[1], "--mqtt-port")


def test_a_free_port_passes():
    require_free(free_port(), "--api-port")


def test_a_holder_out_of_sight_is_said_to_be_so():
    assert holder_of(free_port()) == "a process that this user may not see"
