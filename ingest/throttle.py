"""Hold back a gateway that floods, so that the others are not delayed by it.

All gateways share one stream from the broker: what a flooding one sends stands in front of what the others
send, here and in the broker's queue. Pausing would delay all of them. So while room is short, messages of a
flooding gateway are taken from the stream and refused: counted as rejected, not acknowledged to the gateway,
whose outbox sends them again. Where there is room for everybody nothing is refused, whatever the rate.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.inbox import Message
    from ingest.settings import IngestSettings

_LOG: Final = structlog.get_logger("ingest.throttle")
_WINDOW_S: Final = 1.0
# A gateway that sends several times what its neighbours send on average; below that all are just busy.
_SHARES_MAX: Final = 4
# One gateway alone floods nobody.
_GATEWAYS_MIN: Final = 2
_LOG_EVERY_S: Final = 60.0
# Chunks of messages smaller than this on average flood by their number long before their bytes do.
_SMALL_BYTES: Final = 1_000


class Throttle:
    """Counts what each topic sends, second by second.

    A topic floods when it sent more in the past second than `gateway_messages_s_max` messages or
    `gateway_bytes_s_max` bytes, and more than four times the mean of all topics heard in that second.
    Used by the session's thread alone, but for `is_open`, which the pipeline sets.
    """

    def __init__(self, settings: IngestSettings) -> None:
        self._messages_s_max = settings.gateway_messages_s_max
        self._bytes_s_max = settings.gateway_bytes_s_max
        self._window_s = time.monotonic()
        self._counts: Counter[str] = Counter()
        self._sizes: dict[str, int] = {}
        self._logged_s: dict[str, float] = {}
        self.flooding: frozenset[str] = frozenset()
        # False while the database is away: then everybody waits, and nobody is refused for it.
        self.is_open = True

    def passed(self, messages: Sequence[Message], *, tight: bool) -> Sequence[Message]:
        """Return the messages, those of flooding gateways marked and emptied while room is short."""
        self._counts.update([message.topic for message in messages])
        if sum([len(message.payload) for message in messages]) >= _SMALL_BYTES * len(messages):
            sizes = self._sizes
            for message in messages:
                sizes[message.topic] = sizes.get(message.topic, 0) + len(message.payload)
        now_s = time.monotonic()
        if now_s - self._window_s >= _WINDOW_S:
            self._judge(now_s)
        flooding = self.flooding
        if not (tight and flooding and self.is_open):
            return messages
        return [
            message._replace(payload=b"", throttled=True) if message.topic in flooding else message
            for message in messages
        ]

    def _judge(self, now_s: float) -> None:
        elapsed_s = now_s - self._window_s
        counts, sizes = self._counts, self._sizes
        flooding: set[str] = set()
        if len(counts) >= _GATEWAYS_MIN:
            count_max = max(
                self._messages_s_max * elapsed_s, _SHARES_MAX * sum(counts.values()) / len(counts)
            )
            size_max = max(self._bytes_s_max * elapsed_s, _SHARES_MAX * sum(sizes.values()) / len(counts))
            flooding = {
                topic
                for topic, count in counts.items()
                if count > count_max or sizes.get(topic, 0) > size_max
            }
        for topic in flooding:
            if now_s - self._logged_s.get(topic, -_LOG_EVERY_S) >= _LOG_EVERY_S:
                self._logged_s[topic] = now_s
                _LOG.warning(
                    "gateway_floods",
                    topic=topic,
                    messages_s=round(counts[topic] / elapsed_s),
                    bytes_s=round(sizes.get(topic, 0) / elapsed_s),
                    hint="its messages are refused while room is short; it should send larger batches",
                )
        self.flooding = frozenset(flooding)
        self._logged_s = {topic: at_s for topic, at_s in self._logged_s.items() if topic in flooding}
        self._counts, self._sizes, self._window_s = Counter(), {}, now_s
