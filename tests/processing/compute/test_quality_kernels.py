"""The quality tests that need stamps, through `nhip compute`, against flags worked out by hand."""

from __future__ import annotations

import pytest

from processing.compute.command import Request, compute_request
from processing.compute.errors import ParameterError


def items(folder, code, text, **parameters):
    path = folder / "input.csv"
    path.write_text(text, encoding="utf-8")
    return compute_request(Request(code, (path,), parameters=parameters))["items"]


def flags(folder, code, values, **parameters):
    """Return the flags of readings a minute apart."""
    rows = "".join(f"{60 * k},{value}\n" for k, value in enumerate(values))
    return [one["value"] for one in items(folder, code, f"ts,value\n{rows}", **parameters)]


def test_a_step_faster_than_the_threshold_is_suspect(tmp_path):
    """0.1, 0.9 and 0 per second; what follows a missing reading is compared with nothing."""
    found = flags(tmp_path, "kernel.rate_of_change", [0, 6, 60, 60, "", 0], threshold="0.5")
    assert found == [1, 1, 3, 1, 9, 1]
    assert flags(tmp_path, "kernel.rate_of_change", [0, 6, 60], threshold="0.9") == [1, 1, 1]


def test_a_signal_that_stands_still_is_suspect_and_then_fails(tmp_path):
    """Two steps are suspect, four fail; the 2 begins anew."""
    values = [1, 1, 1.05, 1, 1, 2, 2, 2, 2, 2, 2]
    limits = {"suspect_threshold": "120", "fail_threshold": "240"}
    found = flags(tmp_path, "kernel.flat_line", values, **limits, tolerance="0.1")
    assert found == [1, 1, 3, 3, 4, 1, 1, 3, 3, 4, 4]
    # No range is smaller than 0.
    assert set(flags(tmp_path, "kernel.flat_line", values, **limits)) == {1}


def test_drift_is_the_median_offset_against_the_neighbours(tmp_path):
    """Sensor c reads 2 too high from the sixth hour on; over three hours the median follows an hour later.

    For a, the neighbours' median is 1 too high then: exactly the threshold, which is not beyond it.
    """
    readings = "".join(
        f"{name},{3600 * k},{10 + k % 3 + (2 if name == 'c' and k >= 6 else 0)}\n"
        for k in range(12)
        for name in "abc"
    )
    asked = {"window_s": "10800", "threshold": "1"}
    found = items(tmp_path, "kernel.drift", f"sensor,ts,value\n{readings}", **asked)
    by_name = {name: [one for one in found if one["subject"]["code"] == name] for name in "abc"}
    assert [one["value"] for one in by_name["c"]] == [None, *[0.0] * 6, *[2.0] * 5]
    assert [one["detail"]["flag"] for one in by_name["c"]] == [2, *[1] * 6, *[3] * 5]
    assert [one["value"] for one in by_name["a"]] == [None, *[0.0] * 6, *[-1.0] * 5]
    assert [one["detail"]["flag"] for one in by_name["a"]] == [2, *[1] * 11]
    only = items(tmp_path, "kernel.drift", f"sensor,ts,value\n{readings}", **asked, sensor="c")
    assert only == by_name["c"]
    with pytest.raises(ParameterError, match="sensor: found 'd', expected one of a, b, c"):
        items(tmp_path, "kernel.drift", f"sensor,ts,value\n{readings}", **asked, sensor="d")
