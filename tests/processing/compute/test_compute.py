"""`nhip compute` on files built here, against numbers worked out by hand."""

from __future__ import annotations

import gzip
import json
import random
import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from domain.periods import Period
from nhip.cli.main import build_app
from nhip.mapped_files import take_mapped
from processing.compute.command import Request, compute_request
from processing.compute.errors import ComputeError

_BEIJING = Path(__file__).parents[4] / "shared" / "data" / "beijing_air" / "Dongsi.csv"


def items(code, *files, **options):
    return compute_request(Request(code, files, **options))["items"]


@pytest.fixture
def steps(tmp_path):
    """Five readings a minute apart."""
    rows = ["10", "20", "10", "20", "15"]
    path = tmp_path / "steps.csv"
    path.write_text(
        "ts,value\n" + "".join(f"2020-01-01T00:0{k}:00Z,{value}\n" for k, value in enumerate(rows)),
        encoding="utf-8",
    )
    return path


def test_time_weighted_means_of_both_methods(steps):
    held = items("kernel.time_weighted_mean", steps)[0]
    assert held["value"] == 15.0  # (10 + 20 + 10 + 20) / 4
    lines = items("kernel.time_weighted_mean", steps, parameters={"method": "linear"})[0]
    assert lines["value"] == 15.625  # (15 + 15 + 15 + 17.5) / 4


def test_a_typed_window_holds_the_last_value_to_its_end(steps):
    window = {"start": "2020-01-01T00:03:30Z", "end": "2020-01-01T00:06:00Z"}
    found = items("kernel.time_weighted_mean", steps, parameters=window)[0]
    assert found["value"] == pytest.approx((20 * 30 + 15 * 120) / 150, rel=1e-12)


def test_a_drop_of_a_counter_is_a_reset_or_a_roll_over(steps):
    found = items("kernel.counter_increase", steps)[0]
    assert (found["value"], found["detail"]["resets"]) == (45.0, 2)
    rolled = items("kernel.counter_increase", steps, parameters={"rollover": "100"})[0]
    assert rolled["value"] == 10 + 90 + 10 + 95


def test_states_may_have_names(tmp_path):
    path = tmp_path / "states.csv"
    path.write_text("time,state\n2020-01-01 00:00,OK\n2020-01-01 01:00,STOP\n2020-01-01 01:30,OK\n")
    found = {one["detail"]["state"]: one["value"] for one in items("kernel.state_duration", path)}
    assert found == {"OK": 3600.0, "STOP": 1800.0}


def test_a_heartbeat_needs_stamps_alone(tmp_path):
    path = tmp_path / "beats.csv"
    path.write_text("ts\n0\n60\n600\n")
    window = {"liveness_s": "120", "start": "0", "end": "900"}
    found = items("kernel.heartbeat", path, parameters=window)[0]
    assert found["value"] == 180 + 120
    assert found["detail"]["downtime_s"] == 900 - 300
    assert items("kernel.downtime", path, parameters=window)[0]["value"] == 600.0


def test_typed_levels_take_the_place_of_a_file():
    levels = {"day": "60", "evening": "55", "night": "50"}
    assert items("kernel.lden", parameters=levels)[0]["value"] == pytest.approx(60.0, abs=1e-12)


@pytest.mark.parametrize(
    ("code", "parameters", "value"),
    [
        ("kernel.tti", {"peak": "26", "free_flow": "20"}, 1.3),
        ("kernel.nrw", {"input": "100", "billed": "85"}, 15.0),
        ("kernel.uarl", {"mains_km": "100", "connections": "5000", "pressure_m": "40"}, 232_000.0),
        ("kernel.sub_index", {"pollutant": "pm25", "concentration": "65"}, 125.0),
        ("kernel.nowcast", {"c": "50,50,50"}, 50.0),
        ("kernel.convert", {"value": "20", "from": "Cel", "to": "[degF]"}, 68.0),
        ("kernel.tni", {"l10": "80", "l90": "60"}, 110.0),
    ],
)
def test_kernels_of_parameters(code, parameters, value):
    assert items(code, parameters=parameters)[0]["value"] == pytest.approx(value, rel=1e-9)


def test_supply_indices_of_events(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(
        "start,end,customers,planned,excluded_reason\n"
        "2026-01-05 08:00,2026-01-05 09:00,100,false,\n"
        "2026-01-06 08:00,2026-01-06 08:05,500,true,\n"
        "2026-01-07 08:00,2026-01-07 10:00,50,false,storm\n"
        "2026-01-08 08:00,2026-01-08 10:00,50,false,\n"
    )
    asked = {"events": path, "customers": 1000.0}
    by_code = {
        code: items(code, period=Period.MONTH, **asked)[0] for code in ("saidi", "saifi", "maifi", "caidi")
    }
    assert by_code["saidi"]["value"] == (60 * 100 + 120 * 50) / 1000
    assert by_code["saifi"]["value"] == 0.15
    assert by_code["maifi"]["value"] == 0.5
    assert by_code["caidi"]["value"] == pytest.approx(80.0, rel=1e-12)
    assert by_code["saidi"]["period_start"] == "2026-01-01T00:00:00+07:00"
    assert items("kernel.caidi", **asked)[0]["value"] == pytest.approx(80.0, rel=1e-12)


def _day_file(path, shuffled=None):
    rows = [f"s1,pm25,2026-01-02T{hour:02d}:00:00+07:00,{hour},,mg/m3\n" for hour in range(24)]
    if shuffled is not None:
        later = [row.replace(",,mg", "9,,mg") for row in rows]  # a second reading of a stamp does not count
        rows = shuffled.sample(rows, len(rows)) + shuffled.sample(later, len(later))
    text = "sensor,quantity,ts,value,flag,unit\n" + "".join(rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
    return path


def test_hourly_readings_make_full_hours_and_units_are_converted(tmp_path):
    found = items("pm25_day", _day_file(tmp_path / "day.csv"), period=Period.DAY)
    assert [one["value"] for one in found] == [11_500.0]
    assert found[0]["completeness"] == 1.0
    assert found[0]["limit"] == 45.0


def test_order_duplicates_and_compression_change_nothing(tmp_path):
    plain = compute_request(Request("pm25_day", (_day_file(tmp_path / "a.csv"),)))
    mixed = compute_request(Request("pm25_day", (_day_file(tmp_path / "b.csv.gz", random.Random(4)),)))  # noqa: S311
    assert mixed["items"] == plain["items"]
    assert mixed["inputs"]["duplicates"] == 24


def test_flags_and_device_states_keep_readings_out(tmp_path):
    path = tmp_path / "flags.csv"
    path.write_text("ts,value,flag,state\n0,1,1,00\n60,100,4,00\n120,100,1,02\n180,3,3,00\n240,NaN,,\n")
    found = items("kernel.stats", path)[0]
    assert (found["value"], found["n"]) == (2.0, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ts,value\n2026-01-01,abc\n", "row 2, value: found 'abc', expected a number"),
        ("ts,value\nyesterday,1\n", "row 2, ts: found 'yesterday', expected RFC 3339"),
        ("ts,value,flag\n0,1,7\n", "row 2, flag: found '7', expected one of 1 (good)"),
        ("ts,quantity,value,unit\n0,pm25,1,kg\n", "row 2, unit: found 'kg', expected one of"),
        ("when,value\n0,1\n", "header: found 'columns when, value', expected a column ts"),
        ("ts,value\n0\n", "row 2, row: found '1 cells', expected 2 cells"),
    ],
)
def test_bad_input_is_one_line_that_says_where(tmp_path, text, said):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(ComputeError) as caught:
        items("kernel.time_weighted_mean", path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_command_prints_json_and_lists_everything(steps):
    runner = CliRunner()
    result = runner.invoke(build_app(), ["compute", "kernel.leq", str(steps), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["items"][0]["unit"] == "dB[A]"
    listed = runner.invoke(build_app(), ["compute", "--list", "--json"])
    codes = {one["code"] for one in json.loads(listed.stdout)["items"]}
    assert {"vn_aqi_day", "saidi", "kernel.heartbeat", "kernel.flat_line"} <= codes


@pytest.mark.skipif(not _BEIJING.exists(), reason="the real station's file is kept outside the project")
def test_vn_aqi_of_a_real_station_equals_the_reference():
    sys.path.insert(0, str(Path(__file__).parents[2] / "end_to_end"))
    try:
        import vn_aqi_reference as reference
    finally:
        sys.path.pop(0)
    found = items(
        "vn_aqi_day", _BEIJING, taken=take_mapped("beijing_air"), zone="Asia/Shanghai", period=Period.DAY
    )
    series = reference.read_station(_BEIJING)
    days = [date.fromisoformat(one["period_start"][:10]) for one in found]
    expected = [reference.daily(series, day) for day in days]
    got = [None if one["value"] is None else (one["value"], one["responsible"]) for one in found]
    assert got == expected
    assert sum(one is not None for one in got) > 1000
