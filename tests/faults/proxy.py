"""A TCP proxy that misbehaves on order."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from typing import Self

MODES = ("pass", "stall", "reset", "delay", "bytewise", "cut")


class FaultProxy:
    """Forwards to one address; `mode` may change at any time and holds for open connections too.

    `pass` forwards. `stall` takes bytes and forwards none. `reset` ends every connection with RST and refuses
    new ones the same way. `delay` holds each piece for 200 ms plus or minus 100. `bytewise` writes single
    bytes. `cut` forwards half of the next piece of each connection and then ends it with RST.
    """

    def __init__(self, address: tuple[str, int], *, seed: int = 0) -> None:
        self._address = address
        self._random = random.Random(seed)  # noqa: S311 # delays, not secrets
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._stalled: asyncio.Event | None = None
        self._mode = "pass"
        self.port = 0
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    @property
    def mode(self) -> str:
        """What it does to the traffic now."""
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        assert mode in MODES
        self._mode = mode
        if mode == "reset":
            self._loop.call_soon_threadsafe(self._reset_all)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._end = asyncio.Event()
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._end.wait()
        server.close()
        self._reset_all()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self._mode == "reset":
            self._reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._address)
        except OSError:
            self._reset(writer)
            return
        self._writers.add(far_writer)
        with contextlib.suppress(asyncio.CancelledError):  # the end of the proxy, not an error of a stream
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        for each in (writer, far_writer):
            self._writers.discard(each)
            each.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65_536):
                # A black hole takes what is sent into it; what went in comes out late or never.
                while self._mode == "stall":  # noqa: ASYNC110 # the mode is set by another thread
                    await asyncio.sleep(0.02)
                await self._forward(piece, writer)
            writer.write_eof()
        except (ConnectionError, OSError, RuntimeError):
            writer.transport.abort()

    async def _forward(self, piece: bytes, writer: asyncio.StreamWriter) -> None:
        mode = self._mode
        if mode == "delay":
            await asyncio.sleep(self._random.uniform(0.1, 0.3))
        if mode == "bytewise":
            for position in range(len(piece)):
                writer.write(piece[position : position + 1])
                await writer.drain()
            return
        if mode == "cut":
            writer.write(piece[: len(piece) // 2])
            await writer.drain()
            self._mode = "pass"
            self._reset_all()
            return
        writer.write(piece)
        await writer.drain()

    def _reset_all(self) -> None:
        for writer in list(self._writers):
            self._reset(writer)

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        """End a connection with RST: linger on, zero seconds."""
        self._writers.discard(writer)
        connection = writer.get_extra_info("socket")
        if connection is not None and connection.fileno() >= 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
