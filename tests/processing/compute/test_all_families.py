"""`nhip compute kernel.facts`: every family of a window at once, equal to the kernels of each."""

from __future__ import annotations

import numpy as np
import pytest

from processing.compute.command import Request, compute_request
from processing.compute.errors import ComputeError

FAMILIES = {
    "kernel.time_weighted_mean": {
        "value": "time_weighted_mean",
        "integral": "integral",
        "covered_s": "covered_s",
    },
    "kernel.heartbeat": {"uptime_s": "live_s", "downtime_s": "dead_s", "longest_dead_s": "longest_s"},
    "kernel.counter_increase": {"value": "increase", "resets": "resets"},
    "kernel.stats": {"std": "std", "min": "minimum", "max": "maximum"},
}


@pytest.fixture
def day(tmp_path):
    """A day of readings about five minutes apart, some of them missing, one flagged as bad."""
    random = np.random.default_rng(4)
    minutes = np.cumsum(random.choice([4, 5, 6, 40], 150, p=[0.3, 0.4, 0.25, 0.05]))
    rows = [
        f"{60 * minute},{round(value, 1)},{4 if k == 20 else 1}"
        for k, (minute, value) in enumerate(zip(minutes, random.normal(20, 3, 150), strict=True))
    ]
    path = tmp_path / "day.csv"
    path.write_text("ts,value,flag\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def items(code, path, **parameters):
    texts = {name: str(value) for name, value in parameters.items()}
    return compute_request(Request(code, (path,), parameters=texts))["items"]


@pytest.mark.parametrize("window", [{"start": 0, "end": 86400}, {"start": 7230, "end": 21000}])
def test_facts_of_a_window_equal_those_of_each_family(day, window):
    gap = {"max_gap_s": 600}
    life = {"liveness_s": 700}
    found = items("kernel.facts", day, **window, **gap, **life)[0]["detail"]
    own = {"kernel.time_weighted_mean": gap, "kernel.heartbeat": life | {"before": "unknown"}}
    for code, names in FAMILIES.items():
        alone = items(code, day, **window, **own.get(code, {}))[0]
        told = alone["detail"] | {"value": alone["value"]}
        for theirs, ours in names.items():
            assert found[ours] == pytest.approx(told[theirs], rel=1e-12), (code, theirs)
    for per_cent, name in ((50, "p50"), (95, "p95"), (99, "p99")):
        assert found[name] == items("kernel.percentile", day, p=per_cent, **window)[0]["value"]


def test_a_window_without_readings_has_no_mean_and_says_how_long_it_was_dead(day):
    found = items("kernel.facts", day, start=200_000, end=203_600, liveness_s=60)[0]
    assert (found["value"], found["note"], found["n"]) == (None, "no_data", 0)
    assert (found["detail"]["dead_s"], found["detail"]["outages"], found["detail"]["p95"]) == (
        3600.0,
        0,
        None,
    )


def test_a_liveness_of_nothing_is_refused(day):
    with pytest.raises(ComputeError, match="liveness_s"):
        items("kernel.facts", day, liveness_s=0)
