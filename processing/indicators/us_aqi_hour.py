"""US AQI of an hour by NowCast, for comparison with VN_AQI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.columns import Cells, SiteHours
from processing.grid import HOUR_US
from processing.indicators import qcvn_air, us_air
from processing.indicators.recipes import AreaRule, Reach, SiteSeriesRecipe
from processing.kernels import air

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.columns import Floats

INDICATOR: Final = Indicator(
    code="us_aqi_hour",
    title=Text("US AQI giờ (để so sánh)", "US AQI, hourly (for comparison)"),
    unit="1",
    service=Service.AIR,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=(Period.HOUR,),
    formula=Text(
        "Giá trị lớn nhất của các AQI thông số, làm tròn đến số nguyên gần nhất: PM2.5, PM10 theo NowCast 12 "
        "giờ (trọng số tối thiểu 0,5); O3 theo NowCast 8 giờ không có trọng số tối thiểu (và 1 giờ từ 0,125 "
        "ppm; cách tính của EPA từ 2019 dùng hồi quy, không dùng ở đây); CO theo trung bình 8 giờ trước đó; "
        "SO2 (đến 304 ppb), NO2 theo trung bình 1 giờ. Cắt và đổi đơn vị như US AQI ngày; bảng từ nguồn thứ "
        "cấp.",
        "Highest of the parameters' indices, rounded to the nearest whole number: PM2.5, PM10 by the NowCast "
        "of 12 hours (least weight 0.5); O3 by a NowCast of 8 hours without a least weight (and by the "
        "1-hour mean from 0.125 ppm; EPA's regression of 2019 is not used here); CO by the mean of the hour "
        "and the 7 before; SO2 (to 304 ppb, 200 above it) and NO2 by the 1-hour mean. Truncation and units "
        "as in the daily US AQI; tables from secondary sources.",
    ),
    completeness_rule=Text(
        "NowCast cần 2 trong 3 giờ gần nhất, trung bình 8 giờ cần 6 trong 8 giờ; đủ một thông số là có giá "
        "trị. Mức đầy đủ: tỷ lệ giờ có số liệu của thông số quyết định (12, 8 hoặc 1 giờ).",
        "NowCast needs 2 of the 3 latest hours, an 8-hour mean 6 of its 8 hours; one parameter is enough for "
        "a value. Completeness: share of hours with data of the responsible parameter (of 12, 8 or 1).",
    ),
    source=us_air.SOURCE,
    method_version="1",
)
REACH_HOURS: Final = Reach(before=11, after=0)
# Hours that each parameter looks at, in the order of `us_air.PARAMETERS`.
_HOURS: Final = (12, 12, 1, 1, 8, 8)


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return the US AQI of each hour that has the 11 hours before it in the series."""
    starts, zone = series.hour_start, series.time_zone
    amounts: dict[str, Floats] = {name: air.nowcast(series.mean(name)).value for name in ("pm25", "pm10")}
    amounts |= {name: series.mean(name) for name in ("so2", "no2")}
    amounts["co"] = air.trailing_mean(series.mean("co"), qcvn_air.EIGHT_HOURS, qcvn_air.EIGHT_HOURS_REQUIRED)
    amounts["o3"] = us_air.nowcast_ozone(series.mean("o3"))
    averaging = {"pm25": "24h", "pm10": "24h", "so2": "1h", "no2": "1h", "co": "8h", "o3": "8h"}
    indices = {
        name: us_air.sub_index(name, averaging[name], amounts[name], starts, zone)
        for name in us_air.PARAMETERS
    }
    # A day's mean of SO2 is not known within the day: the highest index that an hour can give.
    indices["so2"] = np.where(us_air.sulphur_beyond(amounts["so2"]), 200.0, indices["so2"])
    indices["o3"] = us_air.ozone(indices["o3"], us_air.sub_index("o3", "1h", series.mean("o3"), starts, zone))
    found = us_air.highest(indices)
    had = np.stack(
        [_available(series.mean(name), width)
         for name, width in zip(us_air.PARAMETERS, _HOURS, strict=True)]
    )  # fmt: skip
    told = np.array([us_air.PARAMETERS.index(one) if one else 0 for one in found.responsible], np.int64)
    known = ~np.isnan(np.stack([indices[name] for name in us_air.PARAMETERS]))
    cells = Cells(
        period_start=starts,
        period_end=starts + HOUR_US,
        value=found.value,
        n=np.where(known, had, 0).sum(axis=0).astype(np.int64),
        completeness=had[told, np.arange(len(starts))] / np.array(_HOURS)[told],
        responsible=found.responsible,
        note=us_air.notes(found.value, had.sum(axis=0)),
        columns={"sub_index": indices, "concentration": amounts},
    )
    return {Period.HOUR: cells.take(np.arange(len(cells)) >= REACH_HOURS.before)}


def _available(hourly: Floats, width: int) -> Floats:
    """Return how many of each hour and the `width` - 1 before it have a value, shape (h,)."""
    total = np.concatenate((np.zeros(width), np.cumsum(~np.isnan(hourly))))
    available: Floats = (total[width:] - total[:-width]).astype(np.float64)
    return available


RECIPE: Final = SiteSeriesRecipe(INDICATOR, us_air.PARAMETERS, compute, REACH_HOURS, AreaRule.HIGHEST)
