"""One connection to the broker: a socket that never blocks, TLS or not, and what waits to be sent."""

from __future__ import annotations

import select
import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from urllib.parse import SplitResult

# A chunk holds about a thousand small messages; larger ones were measured no faster.
_CHUNK_BYTES: Final = 262_144


class ConnectionLostError(Exception):
    """The broker or the network ended the connection."""


class Connection:
    """A socket with an outbox.

    Args:
        url: mqtt:// or mqtts://.
        connect_s_max: patience for the connection.

    Raises:
        OSError: nobody answers there, or the certificate is not trusted.
    """

    def __init__(self, url: SplitResult, connect_s_max: float) -> None:
        secure = url.scheme == "mqtts"
        address = (url.hostname or "", url.port or (8883 if secure else 1883))
        peer = socket.create_connection(address, timeout=connect_s_max)
        try:
            # Acknowledgements are small, and the broker's window waits for them.
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if secure:
                peer = ssl.create_default_context().wrap_socket(peer, server_hostname=url.hostname)
            peer.settimeout(0)
        except OSError:
            peer.close()
            raise
        self._peer = peer
        self._outbox = bytearray()
        self._secure = peer if isinstance(peer, ssl.SSLSocket) else None

    def close(self) -> None:
        """Close the socket."""
        self._peer.close()

    def finish(self, patience_s: float) -> None:
        """Send what waits, and close when the broker has read it and closes too, or after `patience_s`.

        A socket that is closed with unread bytes in it resets the connection, and the broker forgets what it
        has not read yet: after the last acknowledgements that means a second delivery.
        """
        deadline_s = time.monotonic() + patience_s
        with suppress(OSError, ConnectionLostError):
            self._peer.settimeout(patience_s)
            self._peer.sendall(self._outbox)
            self._outbox.clear()
            # Below TLS: its own farewell would wait for an answer.
            socket.socket.shutdown(self._peer, socket.SHUT_WR)
            while (left_s := deadline_s - time.monotonic()) > 0:
                self._peer.settimeout(left_s)
                if not self._peer.recv(_CHUNK_BYTES):
                    break
        self.close()

    def wait(self, wake: socket.socket, timeout_s: float, *, reading: bool) -> tuple[bool, bool]:
        """Return (woken, something to read or a hang-up), after `timeout_s` at the latest."""
        if reading and self._secure is not None and self._secure.pending():
            timeout_s = 0.0
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        # Without POLLIN or POLLOUT the kernel still tells of a hang-up.
        events = (select.POLLIN if reading else 0) | (select.POLLOUT if self._outbox else 0)
        poll.register(self._peer, events)
        ready = dict(poll.poll(timeout_s * 1_000))
        state = ready.get(self._peer.fileno(), 0)
        pending = reading and self._secure is not None and self._secure.pending() > 0
        return wake.fileno() in ready, pending or bool(state & ~select.POLLOUT)

    @property
    def chunk_bytes_full(self) -> int:
        """A shorter chunk was the last one for now; with TLS, whose records are small, an empty one."""
        return 1 if self._secure is not None else _CHUNK_BYTES // 4

    def receive(self) -> bytes:
        """Return what has arrived; empty when nothing has.

        Raises:
            ConnectionLostError: the connection is over.
        """
        data = self._received()
        if self._secure is not None:
            # A TLS record holds 16 KiB at most: what follows it at once belongs to the same chunk.
            while len(data) < _CHUNK_BYTES and self._secure.pending():
                data += self._received()
        return data

    def _received(self) -> bytes:
        try:
            data = self._peer.recv(_CHUNK_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return b""
        except OSError as error:
            raise ConnectionLostError(str(error)) from error
        if not data:
            raise ConnectionLostError("closed by the broker")  # noqa: TRY003, EM101 # the cause is the message
        return data

    def put(self, data: bytes) -> None:
        """Take in what is to be sent."""
        self._outbox += data

    @property
    def unsent_bytes(self) -> int:
        """What waits to be sent."""
        return len(self._outbox)

    def flush(self) -> None:
        """Send as much as the network takes.

        Raises:
            ConnectionLostError: the connection is over.
        """
        while self._outbox:
            try:
                sent = self._peer.send(self._outbox)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                raise ConnectionLostError(str(error)) from error
            del self._outbox[:sent]
