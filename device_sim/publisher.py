"""Many gateways in one process: their MQTT connections on one event loop, their batches from one outbox.

A batch goes: outbox (durable) -> `offer` -> sent, at most `inflight_max` per gateway -> acknowledged by
ingest -> forgotten. Without an acknowledgement it is sent again: on the same connection after a time-out that
doubles, or on the next connection.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import structlog

from device_sim.connection import Connection, Flight, Phase, close_silently

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from device_sim.endpoint import Endpoint
    from device_sim.outbox import Credential, Outbox, PendingBatch
    from device_sim.settings import DeviceSimSettings

_log = structlog.get_logger(__name__)

_SWEEP_S: Final = 0.5
# Acknowledged batches are forgotten together: one transaction of the outbox for many.
_FORGET_DELAY_S: Final = 0.05
_FORGET_BATCHES_MAX: Final = 2000
_GOODBYE_S: Final = 2.0


class Audience(Protocol):
    """Who wants to know what became of the batches."""

    def batch_acknowledged(self, gateway: str, batch_id: int, readings: int) -> None:
        """Ingest has acknowledged a batch for the first time."""

    def gateway_refused(self, gateway: str, reason: str) -> None:
        """The broker refused the gateway; it will be tried again."""


class Publisher:
    """The connections of a fleet of gateways.

    Attributes:
        sent_count: batches sent, those sent again included.
        resent_count: batches sent again.
        acknowledged_count: batches acknowledged.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        outbox: Outbox,
        settings: DeviceSimSettings,
        audience: Audience,
        *,
        inflight_max: int | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._outbox = outbox
        self._settings = settings
        self._audience = audience
        self._inflight_max = inflight_max or settings.inflight_batches_max
        self._connections: dict[str, Connection] = {}
        self._openings: asyncio.Queue[Connection] = asyncio.Queue()
        self._settling: dict[Connection, asyncio.Future[None]] = {}
        self._dirty: set[Connection] = set()
        self._acknowledged: list[tuple[str, int]] = []
        self._jitter = np.random.default_rng(0)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self._outstanding = 0
        self._paused: set[str] = set()
        self.sent_count = 0
        self.resent_count = 0
        self.acknowledged_count = 0

    @property
    def outstanding(self) -> int:
        """Batches that were offered and are not acknowledged; those of paused gateways do not count."""
        return self._outstanding - sum(len(self._connections[gateway].batches) for gateway in self._paused)

    @property
    def online(self) -> int:
        """Gateways that are connected and subscribed."""
        return sum(connection.phase is Phase.ONLINE for connection in self._connections.values())

    def add(self, gateway: str, credential: Credential | None) -> None:
        """Add a gateway, or change what it shows the broker, and connect it."""
        known = self._connections.get(gateway)
        if known is not None:
            known.credential = credential
            return
        connection = Connection(
            gateway=gateway,
            endpoint=self._endpoint,
            listener=self,
            keepalive_s=self._settings.keepalive_s,
            connect_timeout_s=self._settings.connect_timeout_s,
            inflight_max=self._inflight_max,
            credential=credential,
        )
        self._connections[gateway] = connection
        self._openings.put_nowait(connection)

    def offer(self, batches: Iterable[PendingBatch]) -> None:
        """Send batches that the outbox holds; their gateways were added before."""
        touched: set[Connection] = set()
        for batch in batches:
            connection = self._connections[batch.gateway]
            if batch.id in connection.batches:
                continue
            connection.batches[batch.id] = Flight(batch.readings)
            connection.waiting.append(batch.id)
            self._outstanding += 1
            touched.add(connection)
        for connection in touched:
            self._pump(connection)

    def pause(self, gateway: str) -> None:
        """Cut the gateway's link; its batches wait."""
        connection = self._connections[gateway]
        if connection.phase is Phase.PAUSED:
            return
        self._drop(connection)
        connection.phase = Phase.PAUSED
        self._paused.add(gateway)

    def resume(self, gateway: str) -> None:
        """Bring the gateway's link back."""
        connection = self._connections[gateway]
        if connection.phase is Phase.PAUSED:
            connection.phase = Phase.IDLE
            self._paused.discard(gateway)
            self._openings.put_nowait(connection)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Connect, send and receive while the context lasts; then say goodbye."""
        self._loop = asyncio.get_running_loop()
        parallel = self._settings.connects_parallel_max
        with ThreadPoolExecutor(parallel, thread_name_prefix="mqtt-open") as pool:
            tasks = [
                asyncio.create_task(self._open_forever(pool), name=f"mqtt-open-{index}")
                for index in range(parallel)
            ]
            tasks.append(asyncio.create_task(self._sweep_forever(), name="mqtt-sweep"))
            try:
                yield
            finally:
                self._closing = True
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await self._say_goodbye()
                self._forget_acknowledged()

    # What connections tell us -------------------------------------------------------------------------

    def wants_write(self, connection: Connection) -> None:
        """Plan a write; called by an opening thread too, whose bytes are written when it is done."""
        if self._loop is None or connection.phase in {Phase.IDLE, Phase.OPENING, Phase.PAUSED}:
            return
        if not self._dirty:
            self._loop.call_soon(self._flush)
        self._dirty.add(connection)

    def went_online(self, connection: Connection) -> None:
        """Send what waits."""
        self._settle(connection)
        self._pump(connection)

    def was_lost(self, connection: Connection) -> None:
        """Plan the next connection."""
        phase = connection.phase
        self._drop(connection)
        if phase is not Phase.PAUSED and not self._closing:
            self._open_later(connection)

    def was_refused(self, connection: Connection, reason: str) -> None:
        """Report it; the broker closes the connection, or we do."""
        self._audience.gateway_refused(connection.gateway, reason)
        if connection.phase is Phase.SUBSCRIBING:
            self._drop(connection)
            self._open_later(connection)

    def acknowledged(self, connection: Connection, ids: list[int]) -> None:
        """Forget the batches and send the next."""
        idle = not self._acknowledged
        for batch_id in ids:
            flight = connection.batches.pop(batch_id, None)
            if flight is None:
                continue
            connection.inflight.discard(batch_id)
            self._outstanding -= 1
            self.acknowledged_count += 1
            self._acknowledged.append((connection.gateway, batch_id))
            self._audience.batch_acknowledged(connection.gateway, batch_id, flight.readings)
        if len(self._acknowledged) >= _FORGET_BATCHES_MAX:
            self._forget_acknowledged()
        elif idle and self._acknowledged and self._loop is not None:
            self._loop.call_later(_FORGET_DELAY_S, self._forget_acknowledged)
        self._pump(connection)

    # Opening ------------------------------------------------------------------------------------------

    async def _open_forever(self, pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection = await self._openings.get()
            if connection.phase is not Phase.IDLE:
                continue
            connection.phase = Phase.OPENING
            settled = loop.create_future()
            self._settling[connection] = settled
            try:
                client = await loop.run_in_executor(pool, connection.open)
            except OSError as error:
                _log.debug("gateway_not_connected", gateway=connection.gateway, cause=str(error))
                if self._settling.get(connection) is settled:
                    self.was_lost(connection)
                continue
            if self._settling.get(connection) is not settled:  # paused meanwhile
                close_silently(client)
                continue
            connection.adopt(client)
            loop.add_reader(connection.descriptor, connection.read)
            self.wants_write(connection)
            # One opener brings one connection through its handshake, so the storm is as wide as the pool.
            await asyncio.wait({settled}, timeout=self._settings.connect_timeout_s)
            if self._settling.get(connection) is settled:
                self.was_lost(connection)

    def _open_later(self, connection: Connection) -> None:
        connection.failures += 1
        delay_s = min(0.5 * 2.0 ** min(connection.failures, 16), self._settings.reconnect_delay_s_max)
        if self._loop is not None:
            self._loop.call_later(
                delay_s * self._jitter.uniform(0.5, 1.0), self._openings.put_nowait, connection
            )

    def _settle(self, connection: Connection) -> None:
        settled = self._settling.pop(connection, None)
        if settled is not None and not settled.done():
            settled.set_result(None)

    def _drop(self, connection: Connection) -> None:
        """Close the socket, and take back what was on its way."""
        if connection.descriptor >= 0 and self._loop is not None:
            self._loop.remove_reader(connection.descriptor)
            self._loop.remove_writer(connection.descriptor)
        connection.phase = Phase.IDLE
        connection.abandon()
        connection.waiting.extendleft(sorted(connection.inflight, reverse=True))
        connection.inflight.clear()
        self._dirty.discard(connection)
        self._settle(connection)

    # Sending ------------------------------------------------------------------------------------------

    def _pump(self, connection: Connection) -> None:
        if connection.phase is not Phase.ONLINE:
            return
        while connection.waiting and len(connection.inflight) < self._inflight_max:
            batch_id = connection.waiting.popleft()
            if batch_id not in connection.batches:
                continue  # acknowledged while it waited for a new connection
            if not self._send(connection, batch_id):
                connection.waiting.appendleft(batch_id)
                return
            connection.inflight.add(batch_id)

    def _send(self, connection: Connection, batch_id: int) -> bool:
        payload = self._outbox.payload(connection.gateway, batch_id)
        flight = connection.batches[batch_id]
        if payload is None or not connection.publish(payload):
            return False
        self.sent_count += 1
        self.resent_count += flight.attempts > 0
        wait_s = self._settings.ack_timeout_s * 2.0 ** min(flight.attempts, 16)
        flight.attempts += 1
        flight.deadline_s = self._now_s() + min(wait_s, self._settings.ack_timeout_s_max)
        return True

    def _now_s(self) -> float:
        return 0.0 if self._loop is None else self._loop.time()

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, set()
        for connection in dirty:
            self._write(connection)

    def _write(self, connection: Connection) -> None:
        descriptor = connection.descriptor
        if descriptor < 0 or self._loop is None:
            return
        if connection.write():
            self._loop.add_writer(descriptor, self._write, connection)
        elif connection.descriptor == descriptor:
            self._loop.remove_writer(descriptor)

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            now_s = self._now_s()
            for connection in list(self._connections.values()):
                if connection.phase in {Phase.SUBSCRIBING, Phase.ONLINE}:
                    connection.tick()
                overdue = [
                    batch_id
                    for batch_id in connection.inflight
                    if connection.batches[batch_id].deadline_s <= now_s
                ]
                for batch_id in sorted(overdue):
                    self._send(connection, batch_id)

    def _forget_acknowledged(self) -> None:
        if self._acknowledged:
            acknowledged, self._acknowledged = self._acknowledged, []
            self._outbox.forget(acknowledged)

    async def _say_goodbye(self) -> None:
        for connection in self._connections.values():
            connection.say_goodbye()
            self.wants_write(connection)
        deadline_s = self._now_s() + _GOODBYE_S
        while self._now_s() < deadline_s and any(  # noqa: ASYNC110 # thousands close, in any order
            connection.phase is Phase.ONLINE for connection in self._connections.values()
        ):
            await asyncio.sleep(0.01)
        for connection in self._connections.values():
            self._drop(connection)
