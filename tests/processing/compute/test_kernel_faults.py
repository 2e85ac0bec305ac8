"""What kernels refuse, and the name of the parameter that they complain of."""

from __future__ import annotations

import pytest

from domain.periods import Period
from processing.compute.command import Request, compute_request
from processing.compute.errors import ComputeError

_LEVELS = "ts,value\n0,10\n60,20\n120,5\n"


@pytest.mark.parametrize(
    ("code", "parameters", "said"),
    [
        ("kernel.extrapolated_delta", {}, "start"),
        ("kernel.counter_increase", {"method": "guessed"}, "method"),
        ("kernel.gross_range", {"fail_min": "10", "fail_max": "1"}, "fail_max"),
        ("kernel.gross_range", {"fail_min": "1", "fail_max": "1", "suspect_min": "2"}, "suspect_min"),
        ("kernel.gross_range", {"fail_min": "0", "fail_max": "9", "suspect_max": "10"}, "suspect_max"),
        ("kernel.spike", {}, "suspect_threshold"),
        ("kernel.spike", {"suspect_threshold": "1", "method": "bad"}, "method"),
        ("kernel.state_at", {}, "at"),
        ("kernel.live_at", {"at": "yesterday"}, "at"),
        ("kernel.us_aqi", {"pollutant": "o3", "unit": "kg"}, "unit"),
        ("kernel.us_aqi", {"pollutant": "o3", "unit": "Cel"}, "unit"),
        ("kernel.us_aqi", {"pollutant": "pm25", "unit": "ppb"}, "unit"),
        ("kernel.period_mean", {"rule": "quarters"}, "rule"),
        ("kernel.num_resets", {"output": "no_such_entry"}, "output"),
    ],
)
def test_a_wrong_parameter_is_named(tmp_path, code, parameters, said):
    path = tmp_path / "levels.csv"
    path.write_text(_LEVELS)
    with pytest.raises(ComputeError) as caught:
        compute_request(Request(code, (path,), parameters=parameters))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "parameters", "said"),
    [
        ("kernel.weighted_mean", {"values": "1,2", "weights": "1"}, "weights"),
        ("kernel.weighted_mean", {"values": "1,2", "weights": "1,-1"}, "weights"),
        ("kernel.leq", {"levels": "60,70", "durations": "1"}, "levels"),
        ("kernel.ctaidi", {"customers_interrupted": "0"}, "customers_interrupted"),
        ("kernel.nowcast", {}, "c"),
    ],
)
def test_typed_numbers_must_fit(tmp_path, code, parameters, said):
    events = tmp_path / "events.csv"
    events.write_text("start,end,customers\n2026-01-05 08:00,2026-01-05 09:00,100\n")
    with pytest.raises(ComputeError) as caught:
        compute_request(Request(code, parameters=parameters, events=events, customers=1000.0))
    assert said in str(caught.value)


def test_what_a_kernel_says_beside_its_value_can_be_the_value(tmp_path):
    path = tmp_path / "levels.csv"
    path.write_text(_LEVELS)
    asked = Request("kernel.counter_increase", (path,), parameters={"output": "idelta_left"})
    assert compute_request(asked)["items"][0]["value"] == 10.0
    rates = Request("kernel.irate", (path,), period=Period.DAY, zone="UTC")
    assert compute_request(rates)["items"][0]["value"] == pytest.approx(5 / 60)
