"""What the engine tells Prometheus."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

BACKLOG: Final = Gauge("nhip_processing_backlog_rows", "Rows of dirty_hour that wait")
LAG_S: Final = Gauge("nhip_processing_lag_seconds", "Age of the oldest row of dirty_hour")
KEYS: Final = Counter("nhip_processing_keys_total", "Distinct (sensor, hour) keys computed", ["source"])
FACTS: Final = Counter("nhip_processing_facts_changed_total", "Hour facts written")
CELLS: Final = Counter("nhip_processing_cells_changed_total", "Indicator values written")
FAILURES: Final = Counter("nhip_processing_failures_total", "Claims that the database refused", ["source"])
CLAIM_S: Final = Histogram(
    "nhip_processing_claim_seconds",
    "Time from claim to commit",
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100),
)
STEP_S: Final = Counter("nhip_processing_step_seconds_total", "Time by step", ["step"])
