"""The publisher: writes PUBLISH packets that were encoded before to raw sockets, as cheaply as Python can.

A program of its own, so that its CPU is counted apart. It prints `ready` when all is connected, begins with
the first line on its standard input, and ends with one line of JSON: begin, end (seconds since 1970) and CPU.
"""

from __future__ import annotations

import argparse
import json
import mmap
import resource
import selectors
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Final

import numpy as np

_PUBACK_BYTES: Final = 4  # of MQTT 3.1.1: type, length, packet id
_CLEAN_SESSION: Final = 0x02
_USER_AND_PASSWORD: Final = 0xC0
_SEND_BYTES_MAX: Final = 262_144
_PACED_TICK_S: Final = 0.005


class Connection:
    """One connection: bytes to send, and how far the broker's acknowledgements let us."""

    def __init__(self, sock: socket.socket, packets: memoryview, ends: list[int], window: int) -> None:
        self.sock = sock
        self._packets = packets
        self._ends = ends
        self._window = window
        self._sent = 0
        self._acknowledged_bytes = 0
        self.allowed = len(ends)

    @property
    def acknowledged(self) -> int:
        """Messages that the broker has acknowledged."""
        return self._acknowledged_bytes // _PUBACK_BYTES

    @property
    def count(self) -> int:
        """Messages to send."""
        return len(self._ends)

    @property
    def is_done(self) -> bool:
        """All is acknowledged."""
        return self.acknowledged >= len(self._ends)

    def receive(self) -> None:
        """Count acknowledgements: the broker sends nothing else to us."""
        data = self.sock.recv(65_536)
        if not data:
            message = "the broker closed the connection"
            raise ConnectionError(message)
        self._acknowledged_bytes += len(data)

    def send(self) -> None:
        """Send as far as the window goes and the socket takes."""
        limit = min(self.acknowledged + self._window, self.allowed)
        if limit == 0:
            return
        end = self._ends[limit - 1]
        while self._sent < end:
            piece = self._packets[self._sent : min(end, self._sent + _SEND_BYTES_MAX)]
            try:
                self._sent += self.sock.send(piece)
            except BlockingIOError:
                return

    @property
    def wants_to_send(self) -> bool:
        """The socket was full before the window was."""
        limit = min(self.acknowledged + self._window, self.allowed)
        return limit > 0 and self._sent < self._ends[limit - 1]


def connected(port: int, client_id: str, account: tuple[str, str] | None = None) -> socket.socket:
    """Return a socket with a clean MQTT 3.1.1 session without keep-alive (OASIS MQTT 3.1.1, section 3.1).

    Args:
        port: of the broker on this machine.
        client_id: of the session.
        account: user and password; None for an anonymous one.
    """
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    flags = _CLEAN_SESSION if account is None else _CLEAN_SESSION | _USER_AND_PASSWORD
    texts = b"".join(
        struct.pack("!H", len(text)) + text
        for text in (part.encode() for part in (client_id, *(account or ())))
    )
    body = b"\x00\x04MQTT\x04" + bytes((flags, 0, 0)) + texts
    sock.sendall(b"\x10" + bytes((len(body),)) + body)
    answer = sock.recv(4, socket.MSG_WAITALL)
    if answer != b"\x20\x02\x00\x00":
        message = f"the broker refused us: {answer.hex()}"
        raise ConnectionError(message)
    sock.setblocking(False)  # noqa: FBT003 # its only form
    return sock


def blast(connections: list[Connection], rate: float) -> None:
    """Send everything.

    Args:
        connections: to send over.
        rate: messages a second of all together; 0 for as fast as it goes.
    """
    selector = selectors.DefaultSelector()
    began_s = time.monotonic()
    for connection in connections:
        connection.allowed = 0 if rate else connection.allowed
        selector.register(connection.sock, selectors.EVENT_READ, connection)
        connection.send()
    open_count = len(connections)
    while open_count:
        if rate:
            _pace(connections, rate, time.monotonic() - began_s)
        for key, events in selector.select(_PACED_TICK_S if rate else None):
            open_count -= _serve(selector, key, events)


def _serve(selector: selectors.BaseSelector, key: selectors.SelectorKey, events: int) -> bool:
    """Receive and send on one connection; True when it is done."""
    connection: Connection = key.data
    if events & selectors.EVENT_READ:
        connection.receive()
    connection.send()
    if connection.is_done:
        selector.unregister(connection.sock)
        return True
    mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.wants_to_send else 0)
    if mask != key.events:
        selector.modify(connection.sock, mask, connection)
    return False


def _pace(connections: list[Connection], rate: float, elapsed_s: float) -> None:
    due = int(rate * elapsed_s / len(connections)) + 1
    for connection in connections:
        connection.allowed = min(due, connection.count)
        connection.send()


def main(arguments: list[str] | None = None) -> None:
    """Connect, wait for the word, send, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--packets", type=Path, required=True)
    parser.add_argument("--counts", type=int, nargs="+", required=True, help="messages of each connection")
    parser.add_argument("--window", type=int, default=200, help="messages of a connection without an answer")
    parser.add_argument("--rate", type=float, default=0.0)
    options = parser.parse_args(arguments)
    ends = np.fromfile(options.packets.with_suffix(".ends"), dtype=np.uint64).astype(np.int64)
    connections: list[Connection] = []
    with options.packets.open("rb") as file:
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        done, begin = 0, 0
        for number, count in enumerate(options.counts):
            own = ends[done : done + count]
            end = int(own[-1]) if count else begin
            sock = connected(options.port, f"bench-publisher-{number}")
            if count:
                relative = (own - begin).tolist()
                connections.append(Connection(sock, whole[begin:end], relative, options.window))
            done, begin = done + count, end
        print("ready", flush=True)
        sys.stdin.readline()
        # What it took to get ready is not part of publishing.
        before = resource.getrusage(resource.RUSAGE_SELF)
        began_s = time.time()
        blast(connections, options.rate)
        ended_s = time.time()
        after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"began_s": began_s, "ended_s": ended_s, "cpu_s": cpu_s}), flush=True)


if __name__ == "__main__":
    main()
