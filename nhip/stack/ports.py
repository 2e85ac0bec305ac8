"""Free ports, and who holds a taken one."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nhip.stack.errors import PortTakenError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTENING: Final = "0A"  # TCP_LISTEN in /proc/net/tcp
_COMMAND_LENGTH_MAX: Final = 60


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that is free at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def require_free(port: int, option: str, host: str = "127.0.0.1") -> None:
    """Make sure that a port can be listened on.

    Raises:
        PortTakenError: it cannot; the message names the holder where /proc shows it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections that are only waiting to be forgotten do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError:
            raise PortTakenError(
                port, "the system (ports below 1024 are reserved for root)", option
            ) from None
        except OSError:
            raise PortTakenError(port, holder_of(port), option) from None


def holder_of(port: int) -> str:
    """Return in words which process listens on a port."""
    pid = _listener_pid(_socket_inodes(port))
    if pid is None:
        return "a process that this user may not see"
    command = _command(pid)
    parent = _parent(pid)
    starter = _command(parent) if parent is not None else ""
    if starter.startswith("nhip "):
        return f"PID {pid} ({command}), a child of PID {parent} ({starter})"
    return f"PID {pid} ({command})"


def _command(pid: int) -> str:
    try:
        parts = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return "ended just now"
    return _short_command([part.decode(errors="replace") for part in parts])


def _parent(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:")), None)


def _short_command(parts: list[str]) -> str:
    # "/long/path/python -m nhip.cli.main demo" is known to people as "nhip demo".
    names = [Path(part).name if part.startswith("/") else part for part in parts]
    if names[0].startswith("python") and len(names) > 1:
        if names[1:3] == ["-m", "nhip.cli.main"]:
            names = ["nhip", *names[3:]]
        elif Path(names[1]).name == "nhip":  # ".venv/bin/nhip", as make starts it
            names = ["nhip", *names[2:]]
    text = " ".join(names)
    return text if len(text) <= _COMMAND_LENGTH_MAX else text[: _COMMAND_LENGTH_MAX - 1] + "…"


def _socket_inodes(port: int) -> set[str]:
    inodes: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(fields[9])
    return inodes


def _listener_pid(inodes: set[str]) -> int | None:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in Path("/proc").glob("[0-9]*/fd"):
        if wanted & set(_held(folder)):
            return int(folder.parent.name)
    return None


def _held(folder: Path) -> Iterator[str]:
    try:
        descriptors = os.listdir(folder)  # noqa: PTH208 # names suffice
    except OSError:
        return  # another user's process, or one that has just ended
    for descriptor in descriptors:
        try:
            yield os.readlink(folder / descriptor)  # noqa: PTH115 # the text, which is no path
        except OSError:
            continue  # closed in the meantime
