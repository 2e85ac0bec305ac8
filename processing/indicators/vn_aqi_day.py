"""VN_AQI of a local day (Quyết định 1459/QĐ-TCMT, section 2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.columns import VALID_SHARE, Bools, Cells, Floats, Ints, SiteHours
from processing.grid import HOUR_US
from processing.indicators.air_quality_index import (
    GASES,
    PARAMETERS,
    PARTICULATES,
    SOURCE,
    highest_concentration,
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
    code="vn_aqi_day",
    title=Text("VN_AQI ngày", "VN_AQI, daily"),
    unit="1",
    service=Service.AIR,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=(Period.DAY,),
    formula=Text(
        "Giá trị lớn nhất của các AQI thông số, làm tròn 0,5 lên: PM10, PM2.5 theo trung bình 24 giờ; SO2, "
        "NO2, CO theo trung bình 1 giờ lớn nhất trong ngày; O3 theo AQI lớn hơn giữa trung bình 1 giờ lớn "
        "nhất và trung bình 8 giờ lớn nhất (không tính phần 8 giờ khi trên 400). Trung bình 8 giờ là của "
        "giờ đó và 7 giờ trước, kể cả giờ của ngày hôm trước. Nồng độ âm tính là 0.",
        "Highest of the parameters' indices, halves rounded up: PM10, PM2.5 by the 24-hour mean; SO2, NO2, "
        "CO by the day's highest 1-hour mean; O3 by the higher index of the highest 1-hour mean and of the "
        "highest 8-hour mean (the latter left out above 400). An 8-hour mean is of its hour and the 7 "
        "before, those of the day before included. A negative concentration counts as 0.",
    ),
    completeness_rule=Text(
        "Phải có AQI của PM10 hoặc PM2.5; mỗi thông số cần 18 trong 24 giờ của ngày, trung bình 8 giờ cần "
        "6 trong 8 giờ; trung bình giờ cần 75 % số liệu. Mức đầy đủ: tỷ lệ giờ trong ngày có số liệu của "
        "thông số quyết định.",
        "PM10 or PM2.5 must have an index; each parameter needs 18 of the day's 24 hours, an 8-hour mean 6 "
        "of its 8 hours; an hourly mean needs 75 % of its data. The highest 8-hour mean is that of the "
        "available ones. Completeness: share of the day's hours with data of the responsible parameter.",
    ),
    source=SOURCE,
    method_version="1",
)
O3_HOURS: Final = 8
O3_HOURS_REQUIRED: Final = 6
REACH_HOURS: Final = Reach(before=O3_HOURS - 1, after=0)


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return VN_AQI of each local day that lies in the series with the 7 hours before it."""
    days = len(series.day_start)
    hours_of_day = (series.day_end - series.day_start) // HOUR_US
    # 18 of 24; a local day may have 23 or 25 hours.
    required = np.ceil(VALID_SHARE * hours_of_day).astype(np.int64)

    hours: dict[str, Ints] = {}
    columns: dict[str, Floats] = {}
    for name in PARAMETERS:
        hours[name], mean, maximum = air.daily(series.mean(name), series.day_of_hour, days)
        columns[name] = np.where(hours[name] >= required, mean if name in PARTICULATES else maximum, np.nan)
    columns["o3_1h"] = columns.pop("o3")
    columns["o3_8h"] = _highest_8h(series, days, enough=hours["o3"] >= required)

    indices = {name: sub_index(name, "24h", columns[name]) for name in PARTICULATES}
    indices |= {name: sub_index(name, "1h", columns[name]) for name in GASES}
    o3 = {
        f"o3_{averaging}": sub_index("o3", averaging, columns[f"o3_{averaging}"])
        for averaging in ("1h", "8h")
    }
    told = indices | o3
    indices["o3"] = np.fmax(o3["o3_1h"], o3["o3_8h"])

    index = overall(indices, hours)
    had = np.stack([hours[name] for name in PARAMETERS])
    cells = Cells(
        period_start=series.day_start,
        period_end=series.day_end,
        value=index.value,
        n=inputs_used(indices, hours),
        completeness=had[index.decisive, np.arange(days)] / hours_of_day,
        responsible=index.responsible,
        note=notes(index.value, hours),
        columns={
            "sub_index": told,
            "concentration": {name: columns[name] for name in told},
        },
    )
    return {Period.DAY: cells.take(series.day_start - REACH_HOURS.before * HOUR_US >= series.start_us)}


def _highest_8h(series: SiteHours, days: int, *, enough: Bools) -> Floats:
    """Return each day's highest available 8-hour mean of O3, NaN above the last breakpoint of its column.

    How many of the day's 24 means are available is not asked beside the 18 hours: leaving out the highest
    known one could only make the index lower still.
    """
    means = air.trailing_mean(series.mean("o3"), O3_HOURS, O3_HOURS_REQUIRED)
    highest = air.daily(means, series.day_of_hour, days).maximum
    return np.where(enough & (highest <= highest_concentration("o3", "8h")), highest, np.nan)


RECIPE: Final = SiteSeriesRecipe(INDICATOR, PARAMETERS, compute, REACH_HOURS, AreaRule.HIGHEST)
