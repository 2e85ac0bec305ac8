"""A taken port is reported before anything is started, with the name of who has it."""

import os
import socket

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
