"""VN_AQI of an hour (Quyết định 1459/QĐ-TCMT, section 2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.columns import Cells, Floats, Ints, SiteHours
from processing.grid import HOUR_US
from processing.indicators.air_quality_index import (
    GASES,
    PARAMETERS,
    PARTICULATES,
    SOURCE,
    inputs_used,
    notes,
    overall,
    sub_index,
)
from processing.indicators.recipes import AreaRule, Reach, SiteSeriesRecipe
from processing.kernels import air

if TYPE_CHECKING:
    from collections.abc import Mapping

INDICATOR: Final = Indicator(
    code="vn_aqi_hour",
    title=Text("VN_AQI giờ", "VN_AQI, hourly"),
    unit="1",
    service=Service.AIR,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=(Period.HOUR,),
    formula=Text(
        "Giá trị lớn nhất của các AQI thông số, làm tròn 0,5 lên: SO2, CO, NO2, O3 theo trung bình 1 giờ; "
        "PM10, PM2.5 theo Nowcast 12 giờ (dạng chuẩn hóa). Nồng độ âm tính là 0.",
        "Highest of the parameters' indices, halves rounded up: SO2, CO, NO2, O3 by the 1-hour mean; PM10 "
        "and PM2.5 by the Nowcast of 12 hours (normalised form). A negative concentration counts as 0.",
    ),
    completeness_rule=Text(
        "Phải có AQI của PM10 hoặc PM2.5; Nowcast cần 2 trong 3 giờ gần nhất; trung bình giờ cần 75 % số "
        "liệu. Mức đầy đủ: tỷ lệ giờ có số liệu của thông số quyết định (12 giờ với bụi, 1 giờ với khí).",
        "PM10 or PM2.5 must have an index; Nowcast needs 2 of the 3 latest hours; an hourly mean needs 75 "
        "% of its data. Completeness: share of hours with data of the responsible parameter (of 12 for "
        "particulates, of 1 for gases).",
    ),
    source=SOURCE,
    method_version="1",
)
NOWCAST_HOURS: Final = 12
REACH_HOURS: Final = Reach(before=NOWCAST_HOURS - 1, after=0)


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return VN_AQI of each hour that has the 11 hours before it in the series."""
    hours: dict[str, Ints] = {}
    concentrations: dict[str, Floats] = {}
    for name in PARTICULATES:
        hours[name], concentrations[name] = air.nowcast(series.mean(name))
    for name in (*GASES, "o3"):
        concentrations[name] = series.mean(name)
        hours[name] = (~np.isnan(concentrations[name])).astype(np.int64)
    indices = {
        name: sub_index(name, "24h" if name in PARTICULATES else "1h", concentrations[name])
        for name in PARAMETERS
    }
    index = overall(indices, hours)
    wanted = np.array([NOWCAST_HOURS if name in PARTICULATES else 1 for name in PARAMETERS])
    had = np.stack([hours[name] for name in PARAMETERS])
    cells = Cells(
        period_start=series.hour_start,
        period_end=series.hour_start + HOUR_US,
        value=index.value,
        n=inputs_used(indices, hours),
        completeness=had[index.decisive, np.arange(had.shape[1])] / wanted[index.decisive],
        responsible=index.responsible,
        note=notes(index.value, hours),
        columns={
            "sub_index": indices,
            "concentration": {name: concentrations[name] for name in PARAMETERS},
        },
    )
    return {Period.HOUR: cells.take(np.arange(len(cells)) >= REACH_HOURS.before)}


RECIPE: Final = SiteSeriesRecipe(INDICATOR, PARAMETERS, compute, REACH_HOURS, AreaRule.HIGHEST)
