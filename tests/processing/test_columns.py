"""Shapes between database, kernels and indicators."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import numpy as np

from domain.indicators import Verdict
from processing.columns import Cells, Note, SiteHours
from processing.grid import HOUR_US, to_us

HANOI = "Asia/Ho_Chi_Minh"


def test_rows_are_laid_on_a_grid_without_gaps() -> None:
    rows = (np.array([2, 0, 9, -1]) * HOUR_US, np.array([2.5, 0.5, 9.5, -1.5]))
    series = SiteHours.on_grid(0, 4 * HOUR_US, HANOI, {"pm25": rows})
    assert (series.hour_start // HOUR_US).tolist() == [0, 1, 2, 3]
    assert np.array_equal(series.mean("pm25"), [0.5, math.nan, 2.5, math.nan], equal_nan=True)
    assert np.isnan(series.mean("pm10")).all()


def test_only_whole_local_days_are_days() -> None:
    """From 16:00 to 18:00 UTC two days later: the local days from 17:00 to 17:00, twice."""
    midnight = to_us(datetime(2026, 11, 20, tzinfo=UTC))
    series = SiteHours.on_grid(midnight + 16 * HOUR_US, midnight + (48 + 18) * HOUR_US, HANOI, {})
    assert ((series.day_edges - midnight) // HOUR_US).tolist() == [17, 41, 65]
    assert series.day_of_hour.tolist() == [-1, *([0] * 24), *([1] * 24), -1]


def test_a_span_without_a_whole_day_has_no_days() -> None:
    series = SiteHours.on_grid(0, 20 * HOUR_US, HANOI, {})
    assert len(series.day_start) == len(series.day_end) == 0
    assert set(series.day_of_hour.tolist()) == {-1}


def cells() -> Cells:
    starts = np.arange(3, dtype=np.int64) * HOUR_US
    return Cells(
        starts,
        starts + HOUR_US,
        np.array([1.0, math.nan, 3.0]),
        np.array([1, 0, 3]),
        np.array([0.5, 0.0, 1.0]),
        responsible=["pm25", None, "o3"],
        note=[None, Note.NO_DATA, None],
        limit=np.array([5.0, 5.0, 5.0]),
        verdict=[Verdict.MET, Verdict.NO_EVIDENCE, Verdict.MET],
        columns={
            "sub_index": {
                "pm25": np.array([1.23456, math.nan, math.nan]),
                "o3": np.array([2.0, math.nan, 3.0]),
            },
            "concentration": {"pm25": np.array([math.nan, math.nan, 9.0])},
        },
    )


def test_detail_is_json_without_what_is_missing() -> None:
    detail = cells().detail()
    assert detail[1] is None
    assert json.loads(detail[0] or "") == {"sub_index": {"pm25": 1.2346, "o3": 2.0}}
    assert json.loads(detail[2] or "") == {"sub_index": {"o3": 3.0}, "concentration": {"pm25": 9.0}}


def test_cells_without_columns_have_no_detail() -> None:
    starts = np.zeros(2, np.int64)
    assert Cells(starts, starts, np.zeros(2), starts, np.zeros(2)).detail() == [None, None]


def test_cells_of_a_span_keep_every_column_in_step() -> None:
    some = cells().within(HOUR_US, 2 * HOUR_US)
    assert len(some) == 1
    assert (some.note, some.responsible, some.verdict) == ([Note.NO_DATA], [None], [Verdict.NO_EVIDENCE])
    assert some.detail() == [None]
    assert len(cells().within(HOUR_US, HOUR_US + 1)) == 1
    assert len(cells().within(3 * HOUR_US, 9 * HOUR_US)) == 0
