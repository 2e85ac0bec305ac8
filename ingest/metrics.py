"""What the ingester counts, for Prometheus."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

MESSAGES: Final = Counter("nhip_ingest_messages", "Messages done", ["channel"])
READINGS: Final = Counter("nhip_ingest_readings", "Readings by what became of them", ["outcome"])
ACKNOWLEDGED: Final = Counter("nhip_ingest_acknowledged", "Batches acknowledged to their gateways")
REDELIVERED: Final = Counter("nhip_ingest_redelivered", "Messages that the broker had sent before")
BATCH_ROWS: Final = Histogram(
    "nhip_ingest_batch_rows", "Readings in a batch", buckets=(1, 10, 100, 1_000, 5_000, 20_000, 100_000)
)
COMMIT_SECONDS: Final = Histogram(
    "nhip_ingest_commit_seconds",
    "From the first statement to the commit",
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60),
)
BATCH_AGE_SECONDS: Final = Histogram(
    "nhip_ingest_batch_age_seconds",
    "From the reception of a batch's first message to its commit",
    buckets=(0.02, 0.05, 0.1, 0.3, 1, 5, 60),
)
CARE: Final = Counter("nhip_ingest_batches", "Batches by how they had to be written", ["care"])
RETRIES: Final = Counter("nhip_ingest_retries", "Attempts that found the database not available")
OPEN_MESSAGES: Final = Gauge("nhip_ingest_open_messages", "Messages received and not yet acknowledged")
OPEN_BYTES: Final = Gauge("nhip_ingest_open_bytes", "Their bytes")
WAITING_MESSAGES: Final = Gauge("nhip_ingest_waiting_messages", "Messages received and not yet decoded")
RECEIVING_PAUSED: Final = Gauge("nhip_ingest_receiving_paused", "1 while the bounds are reached")
BROKER_CONNECTED: Final = Gauge("nhip_ingest_broker_connected", "1 while connected to the broker")
CONNECTIONS: Final = Counter("nhip_ingest_connections", "Connections made to the broker")
DATABASE_AVAILABLE: Final = Gauge("nhip_ingest_database_available", "1 while the last write succeeded")
ACTIVE: Final = Gauge("nhip_ingest_active", "1 while this ingester holds the lock of its shard")
REPLAYED: Final = Counter("nhip_ingest_replayed", "Quarantine rows resolved by a replay")
REGISTRY_VERSION: Final = Gauge("nhip_ingest_registry_version", "Loads of the registry since the start")
REGISTRY_SENSORS: Final = Gauge("nhip_ingest_registry_sensors", "Sensors in the registry")
STATUS_UNREADABLE: Final = Counter("nhip_ingest_status_unreadable", "Status messages that could not be read")
GATEWAY_THROTTLED: Final = Counter(
    "nhip_ingest_gateway_throttled", "Messages refused because the gateway floods", ["gateway"]
)
