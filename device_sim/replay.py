"""Replay of files through MQTT, as gateways would have sent them.

One gateway per site, many readings of one sensor per message. A chunk of rows goes into the outbox together
with the file's position, in one transaction, so a replay that is interrupted goes on where it was: batches
that were not acknowledged are sent again under their old ids, and rows that were handed over are not handed
over twice. A resumed run parses the file from its start all the same, so the account is exact.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from device_sim.errors import BrokerError, SourceError, StateError
from device_sim.outbox import Outbox
from device_sim.publisher import Publisher
from device_sim.replay_account import FileAccount, RejectsFile, Summary
from device_sim.replay_gateways import ReplayGateways
from device_sim.replay_rows import ParsedRow, RowReader, Site
from device_sim.replay_source import CsvSource, content_hash
from ingest.formats import encode_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from device_sim.endpoint import Endpoint
    from device_sim.mapping import ColumnRule, Mapping
    from device_sim.outbox import PendingBatch
    from device_sim.registration import RegistryClient
    from device_sim.settings import DeviceSimSettings

_log = structlog.get_logger(__name__)

_PACED_CHUNK_S: Final = 1.0
_LOOK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What the user asked for.

    Attributes:
        endpoint: the broker.
        state_dir: folder of the outboxes, one per platform.
        pace: None as fast as acknowledged, 1 in real time, 60 an hour in a minute.
        area: code of an existing area that takes the place of the mapping's.
        restart: forget what an interrupted run has done.
        stall_s_max: give up when nothing was acknowledged for so long.
        rejects: file for the full list of rejects.
    """

    endpoint: Endpoint
    state_dir: Path
    pace: float | None = None
    area: str | None = None
    restart: bool = False
    stall_s_max: float = 120.0
    rejects: Path | None = None


@dataclass(slots=True)
class ReplayProgress:
    """Where a replay stands, for whoever shows it."""

    path: Path
    fraction: float = 0.0
    rows: int = 0
    published: int = 0
    acknowledged: int = 0
    elapsed_s: float = 0.0


class _OtherPlatformError(Exception):
    """The platform does not know a gateway that an interrupted run has fed: it is a new one."""


@dataclass(slots=True)
class _File:
    """One file under way."""

    path: Path
    key: str
    columns: Sequence[ColumnRule]
    site_name: str | None
    account: FileAccount
    skip_rows: int = 0
    leftovers: list[PendingBatch] = field(default_factory=list["PendingBatch"])
    known_sites: set[str] = field(default_factory=set[str])


class Replay:
    """One run of `nhip replay`."""

    def __init__(
        self,
        mapping: Mapping,
        paths: Sequence[Path],
        registry: RegistryClient | None,
        settings: DeviceSimSettings,
        options: ReplayOptions,
        on_progress: Callable[[ReplayProgress], None] | None = None,
    ) -> None:
        self._mapping = mapping
        self._registry = registry
        self._settings = settings
        self._options = options
        place = f"{options.endpoint.host}_{options.endpoint.port}" if registry is None else registry.place
        self._state_dir = options.state_dir / place
        self._endpoint = options.endpoint
        self._on_progress = on_progress
        self._files = [self._opened(path) for path in paths]
        self._owners: dict[tuple[str, int], _File] = {}
        self._trouble: BrokerError | None = None
        self._changed = asyncio.Event()
        self._stopped = False
        self._moved_s = 0.0
        self._started_s = 0.0
        self._outbox: Outbox
        self._publisher: Publisher
        self._gateways: ReplayGateways
        self._rejects: RejectsFile | None = None

    async def run(self) -> Summary:
        """Replay the files one after the other and return the account.

        Raises:
            SourceError: a file cannot be replayed with its mapping.
            RegistrationError: the API refuses or cannot be reached.
            StateError: the state folder cannot be used, or another replay uses it for the same gateway.
        """
        self._started_s = self._moved_s = time.monotonic()
        summary = Summary([file.account for file in self._files])
        with Outbox(self._state_dir / "replay.sqlite") as outbox:
            self._outbox = outbox
            self._publisher = Publisher(
                self._endpoint,
                outbox,
                self._settings,
                self,
                inflight_max=self._settings.replay_inflight_batches_max,
            )
            self._gateways = ReplayGateways(
                self._mapping,
                self._options.area,
                self._registry,
                outbox,
                self._publisher,
                lock_dir=self._state_dir / "locks",
            )
            try:
                self._rejects = self._opened_rejects()
                async with self._publisher.running():
                    for index, file in enumerate(self._files):
                        await self._replay_file(file)
                        summary.files[index] = file.account
                        if self._stopped or self._trouble is not None:
                            break
                summary.elapsed_s = time.monotonic() - self._started_s
                await self._compare_ledgers(summary)
            finally:
                self._gateways.close()
                if self._rejects is not None:
                    self._rejects.close()
        summary.trouble = self._story()
        return summary

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def stop(self) -> None:
        """End soon; what is not acknowledged stays in the outbox."""
        self._stopped = True
        self._changed.set()

    # What the publisher tells us ----------------------------------------------------------------------

    def batch_acknowledged(self, gateway: str, batch_id: int, readings: int) -> None:
        """Book it."""
        file = self._owners.pop((gateway, batch_id), None)
        self._moved_s = time.monotonic()
        if file is not None:
            file.account.pending -= readings
        self._changed.set()

    def gateway_refused(self, gateway: str, reason: str) -> None:
        """Give up when it goes on."""
        if self._gateways.refused(gateway):
            expected = f"to let gateway {gateway} in with the credential that the API gave"
            self._trouble = BrokerError(str(self._endpoint), f"refused: {reason}", expected)
            self._changed.set()

    # One file -----------------------------------------------------------------------------------------

    def _opened(self, path: Path) -> _File:
        columns, site_name = self._mapping.columns_of(path)
        if not columns:
            patterns = " or ".join(rule.pattern for rule in self._mapping.files)
            raise SourceError(
                path, f"the file name {path.name!r}", f"a name that the mapping knows: {patterns}"
            )
        facts = [self._mapping.fingerprint(), (self._options.area or "").encode()]
        if self._mapping.files:
            facts.append(path.name.encode("utf-8", "surrogateescape"))
        file = _File(path, content_hash(path, *facts), columns, site_name, FileAccount(path))
        with CsvSource(path, self._mapping.csv) as source:
            # Every file is looked at before the first one is sent.
            RowReader(source, self._mapping, columns, FileAccount(path), site_name=site_name)
        return file

    def _opened_rejects(self) -> RejectsFile | None:
        path = self._options.rejects
        if path is None:
            return None
        try:
            return RejectsFile(path)
        except OSError as error:
            raise StateError(path, error.strerror or str(error), "a file that can be written") from error

    async def _replay_file(self, file: _File) -> None:
        if self._options.restart:
            self._outbox.forget_source(file.key)
        try:
            await self._pass_through(file)
        except _OtherPlatformError:
            _log.info(
                "replay_starts_over", file=str(file.path), why="the platform has never seen its gateway"
            )
            self._outbox.forget_source(file.key)
            file.account = FileAccount(file.path)
            file.known_sites.clear()
            await self._pass_through(file)
        if file.account.pending == 0 and not self._stopped and self._trouble is None:
            file.account.finished = True
            self._outbox.forget_source(file.key)

    async def _pass_through(self, file: _File) -> None:
        file.skip_rows = self._outbox.position(file.key)
        file.leftovers = self._outbox.pending(file.key)
        file.account.pending = sum(batch.readings for batch in file.leftovers)
        file.account.resumed_rows = file.skip_rows
        with CsvSource(file.path, self._mapping.csv) as source:
            reader = RowReader(
                source,
                self._mapping,
                file.columns,
                file.account,
                site_name=file.site_name,
                rejects=self._rejects,
            )
            await self._send_rows(file, source, reader)
        while file.account.pending > 0 and await self._wait(file, 1.0):
            pass

    async def _send_rows(self, file: _File, source: CsvSource, reader: RowReader) -> None:
        chunk: list[ParsedRow] = []
        first_ts_s: float | None = None
        begun_s = flushed_s = time.monotonic()
        pace = self._options.pace
        for row in reader.rows():
            await self._know(file, row.site)
            if pace is not None and row.row > file.skip_rows:
                first_ts_s = row.ts_s if first_ts_s is None else first_ts_s
                due_s = begun_s + (row.ts_s - first_ts_s) / pace
                if due_s > flushed_s + _PACED_CHUNK_S:
                    await self._flush(file, chunk, source)
                    await self._sleep_until(due_s)
                    flushed_s = time.monotonic()
            chunk.append(row)
            if len(chunk) >= self._settings.replay_rows_per_batch:
                await self._flush(file, chunk, source)
            if self._stopped or self._trouble is not None:
                return
        await self._flush(file, chunk, source)

    async def _flush(self, file: _File, chunk: list[ParsedRow], source: CsvSource) -> None:
        rows = [row for row in chunk if row.row > file.skip_rows]
        if rows:
            while self._publisher.outstanding >= self._settings.replay_pending_batches_max:
                if not await self._wait(file, source.fraction):
                    return
            self._hand_over(file, rows)
        chunk.clear()
        self._show(file, source.fraction)
        await asyncio.sleep(0)

    def _hand_over(self, file: _File, rows: Sequence[ParsedRow]) -> None:
        series: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
        for row in rows:
            for rule, value in zip(file.columns, row.values, strict=True):
                if value is not None:
                    times, values = series.setdefault((row.site.gateway, rule.sensor_name), ([], []))
                    times.append(row.ts_s)
                    values.append(value)
        batches: list[PendingBatch] = []
        with self._outbox.transaction():
            for (gateway, sensor), (times, values) in series.items():
                encode = partial(encode_columns, sensor=sensor, ts_s=times, value=values)
                batches.append(self._outbox.put(gateway, len(times), encode, source=file.key))
            self._outbox.keep_position(file.key, rows[-1].row)
        for batch in batches:
            file.account.pending += batch.readings
            self._owners[batch.gateway, batch.id] = file
        self._publisher.offer(batches)

    async def _wait(self, file: _File, fraction: float) -> bool:
        """Wait for something to be acknowledged; return whether going on makes sense."""
        self._changed.clear()
        try:
            async with asyncio.timeout(_LOOK_S):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._show(file, fraction)
        idle_s = time.monotonic() - self._moved_s
        if idle_s > self._options.stall_s_max and self._trouble is None:
            found = f"nothing was acknowledged for {idle_s:.0f} s"
            self._trouble = BrokerError(
                str(self._endpoint), found, "ingest to be running; run again to go on from here"
            )
        return not self._stopped and self._trouble is None

    async def _sleep_until(self, due_s: float) -> None:
        while not self._stopped and (left_s := due_s - time.monotonic()) > 0:
            self._moved_s = time.monotonic()
            await asyncio.sleep(min(left_s, _LOOK_S))

    async def _know(self, file: _File, site: Site) -> None:
        """See that the platform knows the site, and send what an interrupted run has left of it."""
        if site.code in file.known_sites:
            return
        is_new = await self._gateways.know(site, file.columns)
        if is_new and (file.skip_rows or file.leftovers):
            raise _OtherPlatformError
        file.known_sites.add(site.code)
        mine = [batch for batch in file.leftovers if batch.gateway == site.gateway]
        file.leftovers = [batch for batch in file.leftovers if batch.gateway != site.gateway]
        self._owners.update(((batch.gateway, batch.id), file) for batch in mine)
        self._publisher.offer(mine)

    # The story ----------------------------------------------------------------------------------------

    def _show(self, file: _File, fraction: float) -> None:
        if self._on_progress is not None:
            account = file.account
            elapsed_s = time.monotonic() - self._started_s
            self._on_progress(
                ReplayProgress(
                    file.path, fraction, account.rows, account.published, account.acknowledged, elapsed_s
                )
            )

    async def _compare_ledgers(self, summary: Summary) -> None:
        growth = await self._gateways.growth()
        if growth is not None:
            summary.stored = growth.stored
            summary.duplicate = growth.duplicate
            summary.conflict = growth.conflict
            summary.quarantined = growth.quarantined

    def _story(self) -> str | None:
        if self._trouble is not None:
            return str(self._trouble)
        return "interrupted; run again to go on from here" if self._stopped else None
