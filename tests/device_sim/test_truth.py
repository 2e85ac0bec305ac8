"""The truth file says what the emitted readings show, fault by fault."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from device_sim.city import City, build_city
from device_sim.courses import COUNTERS
from device_sim.faults import RATES, SPANS, Fault, FaultRates
from device_sim.fleet import Fleet
from device_sim.measurement import Measurement, Readings
from device_sim.rhythms import DAY_S
from device_sim.schedule import Schedule
from device_sim.signals import Signals
from device_sim.truth import TruthLog
from ingest.formats import decode

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

START_S = 1_795_000_000
END_S = START_S + 2 * DAY_S
CITY = build_city(21, 24, 140)
ALL = np.arange(len(CITY.sensors))


class Run:
    """Two days of a city: what was sent, what the truth says, and what it would have sent without faults."""

    def __init__(self, rates: FaultRates, path: Path, step_s: int = 7200) -> None:
        self.schedule = Schedule(CITY, rates)
        self.signals = Signals(CITY)
        truth = TruthLog(path, CITY, self.schedule, append=False)
        measurement = Measurement(CITY, self.signals, self.schedule, rates, truth)
        truth.begin(START_S, {}, goes_on=False)
        parts: list[Readings] = []
        for start_s in range(START_S, END_S, step_s):
            end_s = min(END_S, start_s + step_s)
            truth.advance(start_s, end_s)
            parts.append(measurement.readings(ALL, start_s, end_s))
        truth.end(START_S, END_S)
        truth.close()
        self.sensor = np.concatenate([part.sensor for part in parts])
        self.ts = np.concatenate([part.ts_s for part in parts])
        self.value = np.concatenate([part.value for part in parts])
        self.in_wrong_unit = np.concatenate([part.in_wrong_unit for part in parts])
        self.lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for text in path.read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            line["start_s"], line["end_s"] = (
                datetime.fromisoformat(line[key]).timestamp() for key in ("start", "end")
            )
            self.lines[line["fault"]].append(line)

    def position(self, line: dict[str, Any]) -> int:
        return next(
            i
            for i, sensor in enumerate(CITY.sensors)
            if CITY.gateways[sensor.gateway] == line["gateway"] and sensor.name == line["sensor"]
        )

    def of(self, sensor: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        chosen = self.sensor == sensor
        order = np.argsort(self.ts[chosen], kind="stable")
        return self.ts[chosen][order], self.value[chosen][order]

    def true(self, sensor: int, ts: NDArray[np.float64]) -> NDArray[np.float64]:
        same = np.full(len(ts), sensor)
        return self.signals.resolved(same, self.signals.values(same, ts))


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(RATES["heavy"], tmp_path_factory.mktemp("truth") / "truth.jsonl")


def only(fault: Fault, rate: float, tmp_path: Path) -> Run:
    return Run(FaultRates(**{fault.value: rate}), tmp_path / "truth.jsonl")


def test_without_faults_the_truth_is_sent(tmp_path: Path) -> None:
    """No faults: every reading is there, equal to the signal, and the truth names none."""
    run = Run(RATES["none"], tmp_path / "truth.jsonl")
    sensor, ts = run.signals.due(ALL, START_S, END_S)
    assert len(run.sensor) == len(sensor)
    for position in ALL[::7]:
        own_ts, own = run.of(int(position))
        assert np.array_equal(own_ts, ts[sensor == position])
        assert np.array_equal(own, run.true(int(position), own_ts))
    assert set(run.lines) == {"start_of_run", "run"}


def test_heavy_faults_are_all_there(heavy: Run) -> None:
    """Every episode and every fault of single readings happens in a heavy city."""
    batches = {Fault.DUPLICATE, Fault.OUT_OF_ORDER}
    assert {str(fault) for fault in Fault if fault not in batches} <= set(heavy.lines)


def test_the_same_seed_gives_the_same_truth(heavy: Run, tmp_path: Path) -> None:
    """A second run of the seed, in other steps, sends the same readings and writes the same episodes."""
    again = Run(RATES["heavy"], tmp_path / "truth.jsonl", step_s=1237)
    for sensor in ALL[::5]:
        for one, other in zip(heavy.of(int(sensor)), again.of(int(sensor)), strict=True):
            assert np.array_equal(one, other)
    for fault in SPANS:

        def key(line: dict[str, Any]) -> str:
            return json.dumps(line, sort_keys=True)

        assert sorted(map(key, heavy.lines[fault])) == sorted(map(key, again.lines[fault]))


def test_outages_are_silent_and_their_edges_sharp(tmp_path: Path) -> None:
    """Between start and end of an outage nothing is sent; the gap is the outage within one interval."""
    run = only(Fault.SENSOR_OUTAGE, 0.7, tmp_path)
    lines = [
        line for line in run.lines["sensor_outage"] if line["start_s"] > START_S and line["end_s"] < END_S
    ]
    assert len(lines) > 20
    for line in lines:
        sensor = run.position(line)
        interval = CITY.sensors[sensor].interval_s
        ts, _ = run.of(sensor)
        assert not np.any((ts >= line["start_s"]) & (ts < line["end_s"]))
        before, after = ts[ts < line["start_s"]].max(), ts[ts >= line["end_s"]].min()
        gap_s = after - before - interval
        assert abs(gap_s - (line["end_s"] - line["start_s"])) <= interval


def test_gateway_outages_silence_all_its_sensors(heavy: Run) -> None:
    """No sensor of the gateway sends; clocks that are wrong at the same time are allowed for."""
    skewed = {line["gateway"] for line in heavy.lines["clock_skew"]}
    lines = [line for line in heavy.lines["outage"] if line["gateway"] not in skewed]
    assert lines
    for line in lines:
        gateway = CITY.gateways.index(line["gateway"])
        sensors = [i for i, sensor in enumerate(CITY.sensors) if sensor.gateway == gateway]
        own = heavy.ts[np.isin(heavy.sensor, sensors)]
        assert not np.any((own >= line["start_s"]) & (own < line["end_s"]))


def test_interruptions_can_be_read_off_the_supply_state(heavy: Run) -> None:
    """With every other fault around, each feeder's state shows its interruptions, within one interval."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    open_ends: set[str] = set()
    for sensor, each in enumerate(CITY.sensors):
        if each.kind.quantity != "supply_state":
            continue
        site = CITY.sites[each.site].code
        ts, state = heavy.of(sensor)
        assert set(np.unique(state)) <= {0.0, 1.0}
        if state[0] == 0 or state[-1] == 0:
            open_ends.add(site)
        edges = np.flatnonzero(np.diff(state))
        starts, ends = ts[edges[state[edges] == 1] + 1], ts[edges[state[edges] == 0] + 1]
        found[site] = list(
            zip(starts.tolist(), ends[ends > (starts[0] if len(starts) else 0)].tolist(), strict=False)
        )
    checked = 0
    for site, spans in found.items():
        truth = sorted(
            (line["start_s"], line["end_s"])
            for line in heavy.lines["supply_interruption"]
            if line["site"] == site
        )
        if site in open_ends:
            continue
        assert len(spans) == len(truth)
        for (start, end), (true_start, true_end) in zip(spans, truth, strict=True):
            assert 0 <= start - true_start < 10
            assert 0 <= end - true_end < 10
            checked += 1
    assert checked > 5


def test_no_electricity_no_voltage_and_no_energy(tmp_path: Path) -> None:
    """During an interruption voltage is 0 and the energy counter stands still; then it goes on from there."""
    run = only(Fault.SUPPLY_INTERRUPTION, 2.0, tmp_path)
    checked = 0
    for line in run.lines["supply_interruption"]:
        site = next(i for i, each in enumerate(CITY.sites) if each.code == line["site"])
        assert line["parameters"]["customers"] == CITY.sites[site].customers
        for sensor, each in enumerate(CITY.sensors):
            if each.site != site:
                continue
            ts, value = run.of(sensor)
            inside = (ts >= line["start_s"]) & (ts < line["end_s"])
            if each.kind.quantity == "voltage":
                assert np.all(value[inside] == 0)
            if each.kind.quantity == "active_energy" and inside.sum() > 1:
                assert np.ptp(value[inside]) == 0
                assert np.all(np.diff(value) >= 0), "no interruption makes a counter fall or jump back"
                checked += 1
    assert checked


def test_reboots_reset_counters_at_their_moment(tmp_path: Path) -> None:
    """A counter falls exactly once per reboot, to less than it counts in one interval, and then grows."""
    run = only(Fault.COUNTER_REBOOT, 1.5, tmp_path)
    lines = run.lines["counter_reboot"]
    assert len(lines) > 5
    for sensor in {run.position(line) for line in lines}:
        ts, value = run.of(sensor)
        falls = ts[1:][np.diff(value) < 0]
        reboots = [line["start_s"] for line in lines if run.position(line) == sensor]
        assert len(falls) == len([moment for moment in reboots if moment > ts[0]])
        for fall in falls:
            assert any(0 <= fall - moment < CITY.sensors[sensor].interval_s for moment in reboots)


def test_stuck_sensors_repeat_themselves(tmp_path: Path) -> None:
    """Inside the episode there is one value; outside the truth."""
    run = only(Fault.STUCK, 0.5, tmp_path)
    assert run.lines["stuck"]
    for line in run.lines["stuck"]:
        ts, value = run.of(run.position(line))
        inside = (ts >= line["start_s"]) & (ts < line["end_s"])
        assert len(np.unique(value[inside])) <= 1
    clean = set(ALL.tolist()) - {run.position(line) for line in run.lines["stuck"]}
    for sensor in sorted(clean)[:10]:
        ts, value = run.of(sensor)
        if CITY.sensors[sensor].kind.quantity not in COUNTERS:
            assert np.array_equal(value, run.true(sensor, ts))


def test_drift_grows_from_nothing_with_its_rate(tmp_path: Path) -> None:
    """At the start of the episode the error is small, later as large as the truth file says."""
    run = only(Fault.DRIFT, 0.5, tmp_path)
    checked = 0
    for line in run.lines["drift"]:
        sensor = run.position(line)
        ts, value = run.of(sensor)
        inside = (ts >= line["start_s"]) & (ts < line["end_s"])
        level = abs(float(run.signals.values(np.array([sensor]), np.array([line["start_s"]]))[0]))
        if level < 1 or inside.sum() < 10:
            continue
        error = value[inside] - run.true(sensor, ts[inside])
        expected = line["parameters"]["share_per_day"] * level * (ts[inside] - line["start_s"]) / DAY_S
        assert np.allclose(error, expected, atol=1.01)  # resolution of the coarsest instrument
        checked += 1
    assert checked > 5


def test_spikes_and_dropouts_are_listed_reading_by_reading(tmp_path: Path) -> None:
    """Every lost reading and every spike stands in the truth, and nothing else is lost or changed."""
    run = Run(FaultRates(dropout=0.01, spike=0.005), tmp_path / "truth.jsonl")
    sensor, ts = run.signals.due(ALL, START_S, END_S)
    sent = set(zip(run.sensor.tolist(), run.ts.tolist(), strict=True))
    lost = {(run.position(line), line["start_s"]) for line in run.lines["dropout"]}
    assert lost
    assert set(zip(sensor.tolist(), ts.tolist(), strict=True)) - sent == lost
    spikes = {(run.position(line), line["start_s"]): line["parameters"] for line in run.lines["spike"]}
    true = run.signals.resolved(run.sensor, run.signals.values(run.sensor, run.ts))
    counters = np.array([CITY.sensors[i].kind.quantity in COUNTERS for i in run.sensor])
    for index in np.flatnonzero((run.value != true) & ~counters):
        assert (int(run.sensor[index]), float(run.ts[index])) in spikes


def test_skewed_clocks_shift_times_only(tmp_path: Path) -> None:
    """The gateway's readings carry the offset; there are as many, with the same values."""
    run = only(Fault.CLOCK_SKEW, 0.6, tmp_path)
    assert run.lines["clock_skew"]
    for line in run.lines["clock_skew"]:
        gateway = CITY.gateways.index(line["gateway"])
        sensor = next(i for i, each in enumerate(CITY.sensors) if each.gateway == gateway)
        _, due = run.signals.due(np.array([sensor]), max(START_S, line["start_s"]), min(END_S, line["end_s"]))
        sent = set(run.of(sensor)[0].tolist())
        assert all(moment + line["parameters"]["offset_s"] in sent for moment in due.tolist())


def test_wrong_units_are_named_in_the_payload(tmp_path: Path) -> None:
    """Readings of the episode, and only they, say another unit, and arrive so."""
    run = only(Fault.WRONG_UNIT, 0.4, tmp_path)
    assert run.lines["wrong_unit"]
    for line in run.lines["wrong_unit"]:
        sensor = run.position(line)
        chosen = (run.sensor == sensor) & (run.ts >= line["start_s"]) & (run.ts < line["end_s"])
        assert np.all(run.in_wrong_unit[chosen])
    readings = Readings(run.sensor, run.ts, run.value, run.in_wrong_unit)
    fleet = Fleet(CITY, RATES["none"], TruthLog(None, CITY, run.schedule, append=False))
    by_name: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    total = 0
    for number, batch in enumerate(fleet.history_batches(readings)):
        decoded = decode("native", "", batch.encode(number))
        assert not decoded.faults
        assert len(decoded) == batch.readings
        total += len(decoded)
        by_name[batch.gateway, decoded.names[0]].update(decoded.units)
    assert total == len(run.sensor)
    for line in run.lines["wrong_unit"]:
        assert line["parameters"]["unit"] in by_name[line["gateway"], line["sensor"]]


def test_doubled_and_shuffled_batches_carry_the_same_readings(tmp_path: Path) -> None:
    """A doubled reading comes twice, a shuffled batch in another order; the set stays the same."""
    rates = FaultRates(duplicate=0.5, out_of_order=0.5)
    schedule = Schedule(CITY, rates)
    truth = TruthLog(tmp_path / "truth.jsonl", CITY, schedule, append=False)
    measurement = Measurement(CITY, Signals(CITY), schedule, rates, truth)
    readings = measurement.readings(ALL, START_S, START_S + 60)
    plain, faulty = (
        {
            batch.gateway: decode("native", "", batch.encode(1))
            for batch in Fleet(CITY, chosen, truth).live_batches(readings, START_S, START_S + 60)
        }
        for chosen in (RATES["none"], rates)
    )
    truth.close()
    lines = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    doubled = {line["gateway"] for line in lines if line["fault"] == "duplicate"}
    shuffled = {line["gateway"] for line in lines if line["fault"] == "out_of_order"}
    assert doubled
    assert shuffled - doubled
    for gateway, batch in plain.items():
        pairs = list(zip(batch.sensors(), batch.ts_us.tolist(), batch.value.tolist(), strict=True))
        other = faulty[gateway]
        got = list(zip(other.sensors(), other.ts_us.tolist(), other.value.tolist(), strict=True))
        assert set(got) == set(pairs)
        assert len(got) - len(pairs) == (gateway in doubled)
        if gateway in shuffled - doubled:
            assert got != pairs


def test_episodes_of_a_kind_never_run_into_each_other() -> None:
    """On one thing, a fault ends before it comes again; asked in any order the schedule is the same."""
    forward, backward = Schedule(CITY, RATES["heavy"]), Schedule(CITY, RATES["heavy"])
    days = range(START_S // DAY_S, START_S // DAY_S + 6)
    for fault in SPANS:
        drawn = {day: forward.between(fault, day * DAY_S, (day + 1) * DAY_S) for day in days}
        for day in reversed(days):
            assert backward.between(fault, day * DAY_S, (day + 1) * DAY_S) == drawn[day]
        whole = forward.between(fault, days[0] * DAY_S, (days[-1] + 1) * DAY_S)
        assert len(whole) == len(set(whole))
        last_end: dict[int, float] = {}
        for episode in sorted(whole, key=lambda each: each.start_s):
            assert episode.start_s > last_end.get(episode.target, 0.0)
            last_end[episode.target] = episode.end_s


def test_cities_differ_by_seed() -> None:
    """Another seed, other faults."""
    other = City(99, CITY.areas, CITY.sites, CITY.gateways, CITY.sensors)
    spans = [Schedule(city, RATES["heavy"]).between(Fault.OUTAGE, START_S, END_S) for city in (CITY, other)]
    assert spans[0] != spans[1]
