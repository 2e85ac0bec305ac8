"""Every indicator and every kernel on a file that fits: a value in the API's shape, or why there is none."""

from __future__ import annotations

import json
import math
from datetime import datetime

import pytest

from api.schemas.measurements import IndicatorValue
from domain.periods import Period
from domain.quantities import QUANTITIES, QuantityKind
from processing.compute.catalogue import KERNELS
from processing.compute.command import Request, compute_request, leaves
from processing.compute.errors import NothingToComputeError
from processing.compute.forms import PARAMETERS_ONLY
from processing.compute.listing import listed
from processing.indicators import discover

CODES = {one["code"]: one for one in listed()}
# What kernels cannot do without, by name.
TYPED = {
    "at": "2026-01-02T00:00:00+07:00",
    "billed": "85",
    "connections": "5000",
    "customers_interrupted": "500",
    "fail_max": "28",
    "fail_min": "0",
    "fail_threshold": "7200",
    "input": "100",
    "mains_km": "100",
    "pressure_m": "40",
    "real_losses": "500000",
    "scheduled": "10",
    "suspect_threshold": "3600",
    "threshold": "12",
    "to": "mg/m3",
    "values": "1,2,3",
    "weights": "1,1,2",
}
# What may take several forms, of which the kernel wants one.
ALSO = {"spike": {"suspect_threshold": "3"}, "ili": {"uarl": "232000"}}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return written_files(tmp_path_factory.mktemp("codes"))


def written_files(folder):
    """Write three sensors of each quantity, half-hourly over three local days; and interruptions."""
    for quantity in QUANTITIES.values():
        lines = ["site,sensor,quantity,ts,value,unit"]
        for k in range(144):
            value = 10 + k % 7
            if quantity.kind is QuantityKind.STATE:
                value = int(k % 20 != 0)
            elif quantity.kind is QuantityKind.COUNTER:
                value = 3 * k
            stamp = f"2026-01-{1 + k // 48:02d}T{k % 48 // 2:02d}:{k % 2 * 30:02d}:00+07:00"
            lines += [f"A,{name},{quantity.code},{stamp},{value},{quantity.unit}" for name in "xyz"]
        (folder / quantity.code).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "events").write_text(
        "start,end,customers,planned,excluded_reason\n"
        "2026-01-01 08:00,2026-01-01 09:00,100,false,\n2026-01-02 08:00,2026-01-02 08:02,500,true,\n"
        "2026-01-03 08:00,2026-01-03 10:00,50,false,storm\n",
        encoding="utf-8",
    )
    return folder


def request_of(code, files, period=None):
    """Return a request that the code can answer."""
    listed_as = CODES[code]
    if listed_as["kind"] == "indicator":
        supplies = "--events" in listed_as["columns"]
        read = () if supplies else tuple(files / name for name in listed_as["quantities"] or ["pm25"])
        return Request(code, read, period, events=files / "events" if supplies else None, customers=1000.0)
    kernel = KERNELS[code.removeprefix("kernel.")]
    typed = {one.name: TYPED[one.name] for one in kernel.parameters if one.required}
    supplies = kernel.columns.startswith("--events")
    alone = supplies or kernel.columns == PARAMETERS_ONLY
    return Request(
        code,
        () if alone else (files / (kernel.quantities or ("pm25",))[0],),
        period,
        parameters=typed | ALSO.get(kernel.name, {}),
        events=files / "events" if supplies else None,
        customers=1000.0,
    )


@pytest.mark.parametrize("code", CODES)
def test_every_code_answers_in_the_shape_of_the_api(code, files):
    answer = compute_request(request_of(code, files))
    assert set(answer) == {"indicator", "items", "inputs"}
    assert answer["items"] or code == "kernel.episodes"
    # The same bytes for the same files: no item says when it was computed.
    expected = set(IndicatorValue.model_fields) - {"computed_at"}
    for one in answer["items"]:
        assert set(one) == expected | {"indicator", "period"}
        timed = one["period_start"] is not None
        stamps = {} if timed else {"period_start": 0, "period_end": 0}
        IndicatorValue.model_validate(one | stamps | {"computed_at": 0})
        if timed:
            assert datetime.fromisoformat(one["period_start"]) <= datetime.fromisoformat(one["period_end"])
        assert one["unit"]
        assert one["quality"] == ("insufficient" if one["value"] is None else "good")
        assert one["value"] is not None or one["note"], one
        assert one["completeness"] is None or 0.0 <= one["completeness"] <= 1.0
        assert one["value"] is None or math.isfinite(one["value"])
    json.dumps(answer, allow_nan=False)


@pytest.mark.parametrize("code", [one for one in CODES if one.startswith("kernel.")])
@pytest.mark.parametrize("period", [Period.DAY, Period.YEAR])
def test_every_kernel_can_be_asked_for_periods(code, period, files):
    items = compute_request(request_of(code, files, period))["items"]
    assert {one["period"] for one in items} <= {period.value}
    assert items or code == "kernel.episodes"


def quantities_of(code):
    parts = leaves(discover()[code], discover())
    return {name for part in parts for name in getattr(part, "quantities", ())}


@pytest.mark.parametrize("code", [one for one in discover() if quantities_of(one)])
def test_an_indicator_without_its_readings_says_what_it_needs(code, files):
    other = next(name for name in QUANTITIES if name not in quantities_of(code))
    with pytest.raises(NothingToComputeError) as caught:
        compute_request(Request(code, (files / other,)))
    assert "found readings of" in str(caught.value)
