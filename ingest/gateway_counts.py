"""What became of the readings of each gateway, for Prometheus.

A labelled counter of the client library is looked up at every call, and a batch may speak of a thousand
gateways. So the sums are kept in a dictionary and shown when somebody asks.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from ingest.ledger import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ingest.ledger import Tally

# Gateways that nobody has registered share one line: anybody may invent names.
UNREGISTERED: Final = "unregistered"


class GatewayCounts(Collector):
    """Readings by gateway and outcome since the start of the process."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._sums: dict[str, list[int]] = {}

    def add(self, tally: Tally, registered: Mapping[str, object]) -> None:
        """Add what a committed transaction changed.

        Args:
            tally: its account.
            registered: gateways that get a line of their own.
        """
        with self._guard:
            for gateway, counts in tally.of_gateways().items():
                name = gateway if gateway in registered else UNREGISTERED
                sums = self._sums.setdefault(name, [0] * len(Outcome))
                for outcome, count in enumerate(counts):
                    sums[outcome] += count

    def collect(self) -> Iterable[CounterMetricFamily]:
        """Return the sums as one metric."""
        family = CounterMetricFamily(
            "nhip_ingest_gateway_readings",
            "Readings of each gateway by what became of them",
            labels=("gateway", "outcome"),
        )
        with self._guard:
            for gateway, sums in self._sums.items():
                for outcome in Outcome:
                    family.add_metric((gateway, outcome.name.lower()), sums[outcome])
        yield family


GATEWAY_COUNTS: Final = GatewayCounts()
REGISTRY.register(GATEWAY_COUNTS)
