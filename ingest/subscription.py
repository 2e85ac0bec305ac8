"""Which topics an ingester listens to, by its place among the ingesters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.topics import SPARKPLUG_PREFIX, Channel, topic

if TYPE_CHECKING:
    from ingest.settings import IngestSettings

_SHARED: Final = "$share/nhip/"
_DATA: Final = topic("+", Channel.DATA)
_STATUS: Final = topic("+", Channel.STATUS)
# Births name the aliases of later messages, so one ingester hears all messages of Sparkplug gateways.
_SPARKPLUG: Final = (f"{SPARKPLUG_PREFIX}/+/+/+", f"{SPARKPLUG_PREFIX}/+/+/+/+")
# QoS 1, and never the stored copy of a retained message: telemetry is not retained, and one that is anyway
# would come again at every connection. (A shared subscription gets no stored copies at all.)
_LIVE_ONLY: Final = 1 | 2 << 4
# The same without what we send ourselves: our requests for births match the filters.
_OF_OTHERS: Final = _LIVE_ONLY | 1 << 2
# QoS 1 with the stored copies: the last known status of every gateway.
_WITH_RETAINED: Final = 1


@dataclass(frozen=True, slots=True)
class Subscription:
    """What to listen to.

    Attributes:
        client_id: name of the session at the broker.
        filters: topic filters with their options.
        obsolete: filters that the same session may have from another number of shards.
    """

    client_id: str
    filters: tuple[tuple[str, int], ...]
    obsolete: tuple[str, ...]


def subscription_of(settings: IngestSettings) -> Subscription:
    """Return the subscription of a shard; one that retires listens to nothing any more."""
    number = settings.shard_number
    client_id = settings.client_id if number == 1 else f"{settings.client_id}-{number}"
    shared = f"{_SHARED}{_DATA}"
    if settings.retire:
        return Subscription(client_id, (), (_DATA, *_SPARKPLUG, _STATUS, shared))
    # What is not shared, one shard hears for all; stored copies do not reach a shared subscription.
    alone = (*((name, _OF_OTHERS) for name in _SPARKPLUG), (_STATUS, _WITH_RETAINED))
    if settings.shard_count == 1:
        return Subscription(client_id, ((_DATA, _LIVE_ONLY), *alone), (shared,))
    return Subscription(client_id, ((shared, 1), *(alone if number == 1 else ())), (_DATA,))
