"""Which topics an ingester listens to, by its place among the ingesters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.topics import Channel, topic

if TYPE_CHECKING:
    from ingest.settings import IngestSettings

_SHARED: Final = "$share/nhip/"
_DATA: Final = (topic("+", Channel.DATA), "spBv1.0/+/+/+", "spBv1.0/+/+/+/+")
_STATUS: Final = topic("+", Channel.STATUS)
# QoS 1, and never the stored copy of a retained message: telemetry is not retained, and one that is anyway
# would come again at every connection. (A shared subscription gets no stored copies at all.)
_LIVE_ONLY: Final = 1 | 2 << 4
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
    shared = tuple(f"{_SHARED}{name}" for name in _DATA)
    if settings.retire:
        return Subscription(client_id, (), (*_DATA, _STATUS, *shared))
    if settings.shard_count == 1:
        live = tuple((name, _LIVE_ONLY) for name in _DATA)
        return Subscription(client_id, (*live, (_STATUS, _WITH_RETAINED)), shared)
    live = tuple((name, 1) for name in shared)
    # Stored copies do not reach a shared subscription, so one shard takes the status of all.
    status = ((_STATUS, _WITH_RETAINED),) if number == 1 else ()
    return Subscription(client_id, (*live, *status), _DATA)
