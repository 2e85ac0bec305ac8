"""What the simulated city knows to have happened is what the indicators say happened."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Faults under which a feeder's state is not, or not wholly, to be seen.
BLINDING = {"outage", "sensor_outage", "late_burst", "clock_skew", "dropout", "stuck", "wrong_unit"}
OUTCOMES = ("stored", "duplicate", "conflict", "quarantined", "rejected")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Truth:
    """The lines of a truth file."""

    def __init__(self, path: Path) -> None:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        run = next(line for line in lines if line["fault"] == "run")
        self.start, self.end = instant(run["start"]), instant(run["end"])
        self.lines = [
            {**line, "start": instant(line["start"]), "end": instant(line["end"])} for line in lines
        ]

    def of(self, *faults: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["fault"] in faults]

    def withheld(self, gateway: str) -> bool:
        """Say whether a gateway's link was cut when the run ended: what it has is still in its outbox."""
        return any(
            line["gateway"] == gateway and line["end"] >= self.end - timedelta(minutes=2)
            for line in self.of("late_burst")
        )

    def blind(self, line: dict[str, Any], margin: timedelta) -> bool:
        """Say whether another fault hides the borders of an interruption."""
        return any(
            other["start"] <= border + margin and other["end"] >= border - margin
            for other in self.of(*BLINDING)
            if other["gateway"] == line["gateway"] and other["sensor"] in {None, "supply"}
            for border in (line["start"], line["end"])
        )


@pytest.fixture(scope="module")
def truth(platform: Any, tmp_path_factory: pytest.TempPathFactory) -> Truth:
    """A day of a small city with many faults, simulated to its end and processed."""
    folder = tmp_path_factory.mktemp("city")
    done = platform.nhip(
        *("simulate", "--gateways", "24", "--seed", "11", "--faults", "heavy", "--interval-s", "30"),
        *("--history", "26h", "--duration", "40s", "--unknown", "0"),
        *("--truth", str(folder / "truth.jsonl"), "--state-dir", str(folder / "state")),
    )
    assert done.returncode == 0, done.stderr
    platform.settle()
    return Truth(folder / "truth.jsonl")


def test_every_supply_interruption_is_found_within_one_interval(platform: Any, truth: Truth) -> None:
    """Each interruption that can be seen is in the table, start and end off by at most one interval."""
    interval = timedelta(seconds=30)
    found = platform.query(
        "SELECT t.code, i.started_at, i.ended_at, i.customers FROM interruption i"
        " JOIN site t ON t.id = i.site_id"
    )
    judged = 0
    for line in truth.of("supply_interruption"):
        # One interval of slack at the borders of the run, where a reading before or after is missing.
        inside = line["start"] > truth.start + interval and line["end"] < truth.end - interval
        if not inside or truth.blind(line, interval) or line["end"] - line["start"] < interval:
            continue
        if truth.withheld(line["gateway"]):
            continue
        judged += 1
        matches = [
            row
            for row in found
            if row[0] == line["site"]
            and timedelta(0) <= row[1] - line["start"] <= interval
            and row[2] is not None
            and timedelta(0) <= row[2] - line["end"] <= interval
        ]
        assert len(matches) == 1, (line, [row for row in found if row[0] == line["site"]])
        assert matches[0][3] == line["parameters"]["customers"]
    assert judged >= 3


def test_no_interruption_is_invented(platform: Any, truth: Truth) -> None:
    """Every interruption in the table overlaps one of the truth, give or take one interval."""
    slack = timedelta(seconds=30)
    real = truth.of("supply_interruption")
    rows = platform.query(
        "SELECT t.code, i.started_at, coalesce(i.ended_at, now()) FROM interruption i"
        " JOIN site t ON t.id = i.site_id"
    )
    assert rows
    for site, start, end in rows:
        assert any(
            line["site"] == site and line["start"] - slack <= end and start <= line["end"] + slack
            for line in real
        ), (site, start, end)


def test_silent_gateways_are_down_as_long_as_they_were(platform: Any, truth: Truth) -> None:
    """A gateway's outage shows as dead time of its sensors, as long as it was less the liveness."""
    interval_s = 30.0
    judged = 0
    for line in truth.of("outage"):
        others = [
            other
            for other in truth.of("outage", "late_burst", "clock_skew", "sensor_outage")
            if other is not line and other["gateway"] == line["gateway"]
            and other["end"] > line["start"] - timedelta(hours=1)
            and other["start"] < line["end"] + timedelta(hours=1)
        ]  # fmt: skip
        length_s = (line["end"] - line["start"]).total_seconds()
        if truth.withheld(line["gateway"]):
            continue
        late = line["end"] > truth.end - timedelta(hours=1) or line["start"] < truth.start + timedelta(
            hours=1
        )
        if others or late or length_s < 4 * interval_s:
            continue
        hours = platform.query(
            "SELECT s.id, sum(f.window_s - f.live_s), sum(f.outages) FROM hour_fact f"
            " JOIN sensor s ON s.id = f.sensor_id JOIN gateway g ON g.id = s.gateway_id"
            " WHERE g.code = %s AND f.hour >= date_trunc('hour', %s::timestamptz)"
            " AND f.hour <= %s::timestamptz GROUP BY s.id",
            line["gateway"],
            line["start"],
            line["end"],
        )
        # Faults of single sensors add dead time; the least affected sensor shows the outage itself.
        dead_s = min(row[1] for row in hours)
        assert abs(dead_s - (length_s - interval_s)) <= 2 * interval_s, line
        assert min(row[2] for row in hours) == 1, line
        judged += 1
    assert judged >= 1


def test_the_ledger_balances_after_all_those_faults(platform: Any, truth: Truth) -> None:
    """The outcomes add up to what was received, and stored is what is in the table."""
    assert truth.lines
    total = platform.http.get("/api/v1/accounting").json()
    assert total["received"] == sum(total[outcome] for outcome in OUTCOMES)
    assert platform.query("SELECT count(*) FROM reading") == [(total["stored"],)]
    assert total["stored"] > 0
