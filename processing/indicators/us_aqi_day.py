"""US AQI of a local day, for comparison with VN_AQI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.quantities import Service
from domain.text import Text
from processing.columns import VALID_SHARE, Cells, SiteHours
from processing.grid import HOUR_US
from processing.indicators import qcvn_air, us_air
from processing.indicators.recipes import AreaRule, SiteSeriesRecipe
from processing.kernels import air

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.columns import Floats, Ints

INDICATOR: Final = Indicator(
    code="us_aqi_day",
    title=Text("US AQI ngày (để so sánh)", "US AQI, daily (for comparison)"),
    unit="1",
    service=Service.AIR,
    direction=Direction.LOWER,
    subject_kinds=(SubjectKind.SITE, SubjectKind.AREA),
    periods=(Period.DAY,),
    formula=Text(
        "Giá trị lớn nhất của các AQI thông số, làm tròn đến số nguyên gần nhất: PM2.5, PM10 theo trung bình "
        "24 giờ; O3, CO theo trung bình 8 giờ lớn nhất (O3 cả 1 giờ từ 0,125 ppm); SO2, NO2 theo trung bình "
        "1 giờ lớn nhất (SO2 trên 304 ppb theo trung bình 24 giờ). Nồng độ được cắt, không làm tròn: PM2.5 "
        "0,1 µg/m³; PM10 1 µg/m³; O3 0,001 ppm; CO 0,1 ppm; SO2, NO2 1 ppb. Đổi từ µg/m³ ở 25 °C: 1 ppb NO2 "
        "= 1,88; SO2 2,62; O3 1,96; CO 1,145. PM2.5 dùng bảng mới từ 06/05/2024. Trên hàng cuối, kéo "
        "dài hàng cuối. Bảng lấy từ nguồn thứ cấp, chưa đối chiếu với văn bản gốc.",
        "Highest of the parameters' indices, rounded to the nearest whole number: PM2.5, PM10 by the 24-hour "
        "mean; O3, CO by the highest 8-hour mean (O3 also by the 1-hour one from 0.125 ppm); SO2, NO2 by the "
        "highest 1-hour mean (SO2 above 304 ppb by the 24-hour mean). Concentrations are truncated, not "
        "rounded: PM2.5 0.1 µg/m³, PM10 1 µg/m³, O3 0.001 ppm, CO 0.1 ppm, SO2 and NO2 1 ppb. From µg/m³ at "
        "25 °C: 1 ppb of NO2 = 1.88, SO2 2.62, O3 1.96, CO 1.145. PM2.5 by the new table from 2024-05-06. "
        "Above the last row, the last row is extended. The tables are from secondary sources, not compared "
        "with the legal text.",
    ),
    completeness_rule=Text(
        "Mỗi thông số cần 18 trong 24 giờ của ngày, trung bình 8 giờ cần 6 trong 8 giờ; đủ một thông số là "
        "có giá trị. Mức đầy đủ: tỷ lệ giờ trong ngày của thông số quyết định.",
        "Each parameter needs 18 of the day's 24 hours, an 8-hour mean 6 of its 8 hours; one parameter is "
        "enough for a value. Completeness: share of the day's hours with data of the responsible parameter.",
    ),
    source=us_air.SOURCE,
    method_version="1",
)


def compute(series: SiteHours) -> Mapping[Period, Cells]:
    """Return the US AQI of each local day that has the 7 hours before it in the series."""
    days, starts, zone = len(series.day_start), series.day_start, series.time_zone
    hours_of_day = (series.day_end - starts) // HOUR_US
    hours: dict[str, Ints] = {}
    amounts: dict[str, Floats] = {}
    for name in us_air.PARAMETERS:
        hours[name], mean, highest = air.daily(series.mean(name), series.day_of_hour, days)
        enough = hours[name] >= np.ceil(VALID_SHARE * hours_of_day)
        amounts[f"{name}_24h"] = np.where(enough, mean, np.nan)
        amounts[f"{name}_1h"] = np.where(enough, highest, np.nan)
    for name in ("o3", "co"):
        amounts[f"{name}_8h"] = qcvn_air.highest_8h(series, name)[0]

    def index(name: str, averaging: str) -> Floats:
        return us_air.sub_index(name, averaging, amounts[f"{name}_{averaging}"], starts, zone)

    indices = {
        "pm25": index("pm25", "24h"),
        "pm10": index("pm10", "24h"),
        "so2": us_air.sulphur(
            index("so2", "1h"), us_air.sulphur_beyond(amounts["so2_1h"]), index("so2", "24h")
        ),
        "no2": index("no2", "1h"),
        "co": index("co", "8h"),
        "o3": us_air.ozone(index("o3", "8h"), index("o3", "1h")),
    }
    found = us_air.highest(indices)
    had = np.stack([hours[name] for name in us_air.PARAMETERS])
    told = [us_air.PARAMETERS.index(one) if one else int(had[:, k].argmax())
            for k, one in enumerate(found.responsible)]  # fmt: skip
    cells = Cells(
        period_start=starts,
        period_end=series.day_end,
        value=found.value,
        n=np.where(np.isnan(np.stack([indices[name] for name in us_air.PARAMETERS])), 0, had)
        .sum(axis=0)
        .astype(np.int64),
        completeness=had[np.array(told, np.int64), np.arange(days)] / hours_of_day,
        responsible=found.responsible,
        note=us_air.notes(found.value, had.sum(axis=0)),
        columns={
            "sub_index": indices,
            "concentration": {
                name: amounts[name]
                for name in ("pm25_24h", "pm10_24h", "so2_1h", "no2_1h", "co_8h", "o3_8h", "o3_1h")
            },
        },
    )
    return {Period.DAY: cells.take(qcvn_air.with_hours_before(series))}


RECIPE: Final = SiteSeriesRecipe(
    INDICATOR, us_air.PARAMETERS, compute, qcvn_air.EIGHT_HOURS_REACH, AreaRule.HIGHEST
)
