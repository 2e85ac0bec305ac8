"""The gateways of a replay: registered on the way, one process each, with credentials that work."""

from __future__ import annotations

import asyncio
import fcntl
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from device_sim.errors import DeviceSimError, StateError
from device_sim.registration import Ledger, SensorRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import IO

    from device_sim.mapping import ColumnRule, Mapping
    from device_sim.outbox import Credential, Outbox
    from device_sim.publisher import Publisher
    from device_sim.registration import RegistryClient
    from device_sim.replay_rows import Site

_log = structlog.get_logger(__name__)

# A new credential takes the broker a moment; refused more often than this, it is asked for again, once.
_REFUSALS_BEFORE_ROTATION: Final = 3
_REFUSALS_MAX: Final = 8


class ReplayGateways:
    """Registers the sensors of sites and connects their gateways."""

    def __init__(
        self,
        mapping: Mapping,
        area: str | None,
        registry: RegistryClient | None,
        outbox: Outbox,
        publisher: Publisher,
        *,
        lock_dir: Path,
    ) -> None:
        self._mapping = mapping
        self._area = area
        self._registry = registry
        self._outbox = outbox
        self._publisher = publisher
        self._lock_dir = lock_dir
        self._new: set[str] = set()
        self._known: set[tuple[str, str]] = set()
        self._rows: dict[str, list[SensorRow]] = {}
        self._locks: list[IO[bytes]] = []
        self._ledgers: dict[str, Ledger | None] = {}
        self._refusals: dict[str, int] = {}
        self._rotations: set[asyncio.Task[None]] = set()

    async def know(self, site: Site, columns: Sequence[ColumnRule]) -> bool:
        """Register what a file measures at a site, and connect its gateway.

        Returns:
            Whether the platform had never heard of the gateway before this replay.

        Raises:
            RegistrationError: the API refuses or cannot be reached.
            StateError: another replay uses the gateway.
        """
        rows = [
            row for row in self._sensor_rows(site, columns) if (site.gateway, row.sensor) not in self._known
        ]
        if not rows:
            return site.gateway in self._new
        is_first = site.gateway not in self._rows
        if is_first:
            self._lock(site.gateway)
        is_created = await self._register(site.gateway, rows)
        self._known.update((site.gateway, row.sensor) for row in rows)
        self._rows.setdefault(site.gateway, rows)
        if is_first:
            credential = self._outbox.credential(site.gateway) or await self._rotated(site.gateway)
            ledger = self._ledgers[site.gateway] = await self._ledger(site.gateway)
            self._publisher.add(site.gateway, credential)
            if is_created or (ledger is not None and ledger.received == 0):
                self._new.add(site.gateway)
        return site.gateway in self._new

    async def _register(self, gateway: str, rows: Sequence[SensorRow]) -> bool:
        """Register sensors; return whether that made the gateway."""
        if self._registry is None:
            return False
        outcome = await asyncio.to_thread(partial(self._registry.register, rows, archive=True))
        self._outbox.keep_credentials(outcome.credentials)
        return any(created == gateway for created, _ in outcome.credentials)

    async def _ledger(self, gateway: str) -> Ledger | None:
        return None if self._registry is None else await asyncio.to_thread(self._registry.ledger, gateway)

    def refused(self, gateway: str) -> bool:
        """Count a refusal by the broker, ask for a new credential once; return whether to give up."""
        count = self._refusals[gateway] = self._refusals.get(gateway, 0) + 1
        if count == _REFUSALS_BEFORE_ROTATION:
            task = asyncio.create_task(self._rotate(gateway), name=f"rotate-{gateway}")
            self._rotations.add(task)
            task.add_done_callback(self._rotations.discard)
        return count >= _REFUSALS_MAX

    async def growth(self) -> Ledger | None:
        """Return by how much ingest's account of the gateways grew since they were connected."""
        total = Ledger()
        for gateway, before in self._ledgers.items():
            after = await self._ledger(gateway)
            if before is None or after is None:
                return None
            total.received += after.received - before.received
            total.stored += after.stored - before.stored
            total.duplicate += after.duplicate - before.duplicate
            total.conflict += after.conflict - before.conflict
            total.quarantined += after.quarantined - before.quarantined
            total.rejected += after.rejected - before.rejected
        return total

    def close(self) -> None:
        """Let other replays use the gateways."""
        for lock in self._locks:
            lock.close()
        self._locks.clear()

    def _lock(self, gateway: str) -> None:
        path = self._lock_dir / f"{gateway}.lock"
        try:
            self._lock_dir.mkdir(parents=True, exist_ok=True)
            file = path.open("ab")
        except OSError as error:
            raise StateError(path, str(error), "a folder that can be written") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise StateError(path, f"another process replays gateway {gateway}", "one at a time") from error
        self._locks.append(file)

    async def _rotated(self, gateway: str) -> Credential | None:
        if self._registry is None:
            return None
        rows = self._rows[gateway][:1]
        outcome = await asyncio.to_thread(
            partial(self._registry.register, rows, archive=True, credentials="rotate")
        )
        self._outbox.keep_credentials(outcome.credentials)
        return self._outbox.credential(gateway)

    async def _rotate(self, gateway: str) -> None:
        try:
            self._publisher.add(gateway, await self._rotated(gateway))
        except DeviceSimError as error:
            # The refusals go on and end the replay with the broker's own words.
            _log.warning("credential_not_renewed", gateway=gateway, cause=str(error))

    def _sensor_rows(self, site: Site, columns: Sequence[ColumnRule]) -> list[SensorRow]:
        area, place, times = self._mapping.area, self._mapping.site, self._mapping.time
        is_given = self._area is not None
        return [
            SensorRow(
                gateway=site.gateway,
                sensor=rule.sensor_name,
                quantity=rule.quantity,
                unit=rule.unit,
                interval_s=times.interval_s,
                averaging_s=times.averaging_s,
                site=site.code,
                site_name=site.name,
                site_kind=place.kind,
                latitude=place.latitude,
                longitude=place.longitude,
                area=self._area or area.code,
                area_name=None if is_given else area.name or area.code,
                area_kind=None if is_given else area.kind,
                area_parent=None if is_given else area.parent,
                time_zone=None if is_given else area.time_zone,
            )
            for rule in columns
        ]
