"""Acknowledgements to gateways, merged under load.

An acknowledgement is a message of its own. With thousands of gateways and one reading a message, one for each
would double the broker's work; so under load those of a gateway are collected for a moment and sent as one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from domain.topics import Channel, topic
from ingest import metrics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_IDS_AN_ACK_MAX: Final = 1_000
# Fewer messages a second than this are sent as they come.
_UNMERGED_S_MAX: Final = 200
# A broker that takes none for long: gateways send the batch again and are answered then.
_HELD_IDS_MAX: Final = 1_000_000


class Acknowledgements:
    """Batch ids that are committed and not yet acknowledged to their gateways.

    Args:
        age_s_max: held no longer than this.
    """

    def __init__(self, age_s_max: float) -> None:
        self._age_s_max = age_s_max
        self._held: dict[str, list[int]] = {}
        self._held_count = 0
        self._since_s = 0.0
        self._second_s = 0.0
        self._sent_count = 0

    def __bool__(self) -> bool:
        return bool(self._held)

    def add(self, batches: Mapping[str, Sequence[int]]) -> None:
        """Take in committed batches, by gateway."""
        if batches and not self._held:
            self._since_s = time.monotonic()
        for gateway, ids in batches.items():
            self._held.setdefault(gateway, []).extend(ids)
            self._held_count += len(ids)
        while self._held_count > _HELD_IDS_MAX:
            self._held_count -= len(self._held.pop(next(iter(self._held))))

    @property
    def due_s(self) -> float:
        """Seconds until they are to be sent; 0 for now."""
        now_s = time.monotonic()
        if now_s - self._second_s >= 1.0:
            self._second_s, self._sent_count = now_s, 0
        if self._sent_count + len(self._held) <= _UNMERGED_S_MAX:
            return 0.0
        return max(self._since_s + self._age_s_max - now_s, 0.0)

    def take(self, count_max: int) -> Iterator[tuple[str, bytes]]:
        """Return up to so many messages (topic, payload)."""
        while self._held and count_max > 0:
            gateway = next(iter(self._held))
            ids = self._held.pop(gateway)
            if len(ids) > _IDS_AN_ACK_MAX:
                self._held[gateway] = ids[_IDS_AN_ACK_MAX:]
                ids = ids[:_IDS_AN_ACK_MAX]
            self._held_count -= len(ids)
            self._sent_count += 1
            count_max -= 1
            metrics.ACKNOWLEDGED.inc(len(ids))
            yield topic(gateway, Channel.ACK), msgspec.json.encode({"ids": ids})
