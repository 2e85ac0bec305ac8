"""What Sparkplug births have said: the names behind aliases, and when a gateway must be asked for a birth.

A birth is learned when it is decoded, because the next message may need it, and kept in the transaction that
stores its readings. One whose transaction fails is learned all the same: it was not acknowledged, so it comes
again. Used by the assembler's thread; what is committed, and what a start finds, comes from others.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final

import msgspec

from domain.topics import SparkplugKind
from ingest.binary import array_text
from ingest.formats.sparkplug_b import rebirth_request, rebirth_topic
from ingest.formats.sparkplug_types import Alias, Entries
from ingest.quarantine import instant
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import psycopg
    from psycopg.rows import TupleRow

    from ingest.formats.sparkplug_types import Birth, Sparkplug

# A gateway that does not answer must not be asked with every message.
_ASK_EVERY_S: Final = 10.0
_SEQ_COUNT: Final = 256
_NODE: Final = ""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a node or device, to be kept.

    Attributes:
        bd_seq: number that ties a death to this birth.
        metrics: as JSON.
        learned_us: reception of the message that said so.
    """

    bd_seq: int | None
    metrics: str
    learned_us: int


@dataclass(slots=True)
class _Known:
    entries: Entries
    bd_seq: int | None = None


@dataclass(slots=True)
class Births:
    """The book of births.

    Attributes:
        commands: (topic, payload) of requests that are to be published; taken by `take_commands`.
    """

    commands: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    _known: dict[Key, _Known] = field(default_factory=dict[Key, _Known])
    _changed: dict[Key, int] = field(default_factory=dict[Key, int])
    _seq: dict[str, int] = field(default_factory=dict[str, int])
    _asked_s: dict[str, float] = field(default_factory=dict[str, float])
    _news: set[str] = field(default_factory=set[str])
    _guard: Lock = field(default_factory=Lock)

    def entries(self, gateway: str, device: str) -> Entries | None:
        """Return what is known of a node (device "") or device; None before its birth."""
        known = self._known.get((gateway, device))
        return None if known is None else known.entries

    def take_in(self, about: Sparkplug, received_us: int) -> bool | None:
        """Learn what a message says of its sender, and ask for a birth where one is missing.

        Args:
            about: of a message of a registered gateway.
            received_us: its reception.

        Returns:
            True when the gateway is on line, False when it is not, None when the message does not say.
        """
        if about.birth is not None:
            self._learn(about.birth, received_us)
        if self._skips(about) or about.awaits_birth:
            self._ask(about)
        if about.online is False:
            node = self._known.get((about.gateway, _NODE))
            # The last will of a connection that has been replaced since says nothing of the new one.
            if node is not None and None not in {node.bd_seq, about.bd_seq} and node.bd_seq != about.bd_seq:
                return None
        return about.online

    def take_changes(self) -> dict[Key, Record]:
        """Return what was learned since the last call, to be kept with the batch that said it."""
        changed, self._changed = self._changed, {}
        return {key: self._record(key, learned_us) for key, learned_us in changed.items()}

    def take_commands(self) -> list[tuple[str, bytes]]:
        """Return the requests since the last call."""
        commands, self.commands = self.commands, []
        return commands

    def announce(self, changes: Mapping[Key, Record]) -> None:
        """Note births that are committed: what waited for them can be read now."""
        with self._guard:
            self._news |= {gateway for gateway, _ in changes}

    def take_news(self) -> set[str]:
        """Return the gateways with births since the last call."""
        with self._guard:
            news, self._news = self._news, set()
        return news

    def load(self, connection: psycopg.Connection[TupleRow]) -> None:
        """Read what is kept, but for what was learned meanwhile."""
        for gateway, device, bd_seq, metrics in connection.execute(statement("ingest", "select_births")):
            if (gateway, device) not in self._known:
                described = [Alias(*metric) for metric in metrics]
                self._known[gateway, device] = _Known(_entries(described), bd_seq)
                self.announce({(gateway, device): Record(bd_seq, "", 0)})

    def _learn(self, birth: Birth, received_us: int) -> None:
        key = (birth.gateway, birth.device)
        known = self._known.get(key)
        described = list(birth.metrics)
        if not birth.whole and known is not None:
            names = {metric.name for metric in described}
            described = [entry for entry in known.entries.by_name.values() if entry.name not in names]
            described += birth.metrics
        self._known[key] = _Known(_entries(described), birth.bd_seq)
        self._changed[key] = received_us

    def _record(self, key: Key, learned_us: int) -> Record:
        known = self._known[key]
        metrics = [[m.name, m.alias, m.datatype, m.unit] for m in known.entries.by_name.values()]
        return Record(known.bd_seq, msgspec.json.encode(metrics).decode(), learned_us)

    def _skips(self, about: Sparkplug) -> bool:
        """Say whether messages are missing before this one: they count 0 to 255, from the birth on."""
        if about.seq is None or about.kind in {None, SparkplugKind.NDEATH}:
            return False
        last = self._seq.get(about.gateway)
        self._seq[about.gateway] = about.seq
        if last is None or about.kind is SparkplugKind.NBIRTH or about.seq == last:
            return False
        return about.seq != (last + 1) % _SEQ_COUNT

    def _ask(self, about: Sparkplug) -> None:
        now_s = time.monotonic()
        if now_s - self._asked_s.get(about.gateway, -_ASK_EVERY_S) >= _ASK_EVERY_S:
            self._asked_s[about.gateway] = now_s
            self.commands.append((rebirth_topic(about), rebirth_request(time.time_ns() // 1_000_000)))


def write_births(cursor: psycopg.Cursor[TupleRow], changes: Mapping[Key, Record]) -> None:
    """Keep what was learned, in the transaction that is open."""
    if not changes:
        return
    # In one order always, so that two writers cannot wait for each other in a circle.
    keys = sorted(changes)
    records = [changes[key] for key in keys]
    columns: dict[str, Iterable[object]] = {
        "gateway": [gateway for gateway, _ in keys],
        "device": [device for _, device in keys],
        "bd_seq": [record.bd_seq for record in records],
        "metrics": [record.metrics for record in records],
        "learned_at": [instant(record.learned_us) for record in records],
    }
    parameters = {name: array_text(values) for name, values in columns.items()}
    cursor.execute(statement("ingest", "upsert_births"), parameters)


def _entries(described: list[Alias]) -> Entries:
    return Entries(
        by_alias={metric.alias: metric for metric in described if metric.alias is not None},
        by_name={metric.name: metric for metric in described},
    )
