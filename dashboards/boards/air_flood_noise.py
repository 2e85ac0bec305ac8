"""Air, flood and noise."""

from __future__ import annotations

from typing import Final

from dashboards import columns
from dashboards.bands import PLAIN, PM25_DAY, VN_AQI, VN_AQI_NAMES, steps
from dashboards.board import Board, Place, Row
from dashboards.panels import Caption, Column, Look, series, stat, table, timeline
from dashboards.query import panel_sql
from domain.text import Text

_MEAN: Final = Text(
    "Trung bình mỗi khoảng vẽ; chỉ số liệu đo bình thường và không bị cờ chất lượng loại bỏ.",
    "Mean of each interval drawn; only readings of a measuring device that no quality flag condemns.",
)
# QCVN 26:2010/BTNMT, ordinary areas: 70 dBA by day (06–21 h), 55 by night; QCVN 26:2025 differs by zone.
_NOISE: Final = steps("green", (55, "#e0b400"), (70, "red"))


def _pollutant(quantity: str, title: Text, unit: str) -> Place:
    return Place(
        series(
            Caption(title, _MEAN), panel_sql("follow_quantity", quantity=quantity), Look(unit=unit, low=0)
        ),
        8,
    )


_AIR: Final = (
    Place(
        stat(
            Caption(
                Text("VN_AQI giờ cao nhất", "Worst hourly VN_AQI"),
                Text(
                    "Trạm có VN_AQI giờ mới nhất cao nhất.",
                    "The station whose newest hourly VN_AQI is highest.",
                ),
            ),
            panel_sql("name_worst_site", indicator="vn_aqi_hour", period="hour"),
            Look(decimals=0, thresholds=VN_AQI),
            named=True,
        ),
        6,
        9,
    ),
    Place(
        table(
            Caption(
                Text("VN_AQI giờ mới nhất theo trạm", "Newest hourly VN_AQI by station"),
                Text(
                    "Thông số quyết định là thông số có AQI thành phần cao nhất. Trạm không có PM10 lẫn "
                    "PM2.5 thì "
                    "không có VN_AQI.",
                    "The responsible pollutant has the highest sub-index. A station without both PM10 and "
                    "PM2.5 has no VN_AQI.",
                ),
            ),
            panel_sql("list_air_now"),
            (
                columns.PLACE,
                Column("period_start", Text("Giờ", "Hour")),
                Column(
                    "value", Text("VN_AQI", "VN_AQI"), thresholds=VN_AQI, coloured=True, decimals=0, width=90
                ),
                Column("band", Text("Mức", "Band"), mappings=VN_AQI_NAMES, coloured=True, width=120),
                Column("responsible", Text("Thông số quyết định", "Responsible pollutant")),
                columns.SAMPLES,
            ),
        ),
        18,
        9,
    ),
    Place(
        timeline(
            Caption(
                Text("Mức VN_AQI theo thời gian", "VN_AQI bands over time"),
                Text(
                    "Mỗi dải là một trạm; màu theo QĐ 1459/QĐ-TCMT.",
                    "One band per station; colours of QĐ 1459/QĐ-TCMT.",
                ),
            ),
            panel_sql("follow_site_indicator", indicator="vn_aqi_hour", period="hour"),
            Look(decimals=0, thresholds=VN_AQI),
        ),
        24,
    ),
    Place(
        table(
            Caption(
                Text("PM2.5 trung bình 24 giờ", "PM2.5, 24-hour mean"),
                Text(
                    "So với giới hạn có hiệu lực trong ngày đó (QCVN 05:2023/BTNMT): 50 trước 2026, 45 "
                    "µg/m³ từ 2026. "
                    "Một ngày cần ít nhất 18 giờ có số liệu.",
                    "Against the limit in force on that day (QCVN 05:2023/BTNMT): 50 before 2026, 45 "
                    "µg/m³ since. "
                    "A day needs at least 18 hours of data.",
                ),
            ),
            panel_sql("list_daily_limits", indicator="pm25_day"),
            (
                columns.PLACE,
                columns.PERIOD_START,
                Column(
                    "value", Text("µg/m³", "µg/m³"), decimals=1, thresholds=PM25_DAY, coloured=True, width=90
                ),
                columns.LIMIT,
                columns.COMPLETENESS,
                columns.VERDICT,
                columns.PROVISIONAL,
                Column("revision", Text("Lần tính", "Revision"), width=90),
            ),
            time_from="30d",
        ),
        24,
    ),
    _pollutant("pm25", Text("PM2.5", "PM2.5"), "conμgm3"),
    _pollutant("pm10", Text("PM10", "PM10"), "conμgm3"),
    _pollutant("o3", Text("Ôzôn (O3)", "Ozone (O3)"), "conμgm3"),
    _pollutant("no2", Text("NO2", "NO2"), "conμgm3"),
    _pollutant("so2", Text("SO2", "SO2"), "conμgm3"),
    _pollutant("co", Text("CO", "CO"), "conμgm3"),
)
_FLOOD: Final = (
    Place(
        series(
            Caption(Text("Mực nước", "Water level"), _MEAN),
            panel_sql("follow_quantity", quantity="water_level"),
            Look(unit="lengthm", decimals=2),
        ),
        16,
    ),
    Place(
        series(
            Caption(Text("Lượng mưa", "Rainfall"), _MEAN),
            panel_sql("follow_quantity", quantity="rainfall"),
            Look(unit="lengthmm", decimals=1, low=0),
        ),
        8,
    ),
)
_SOUND: Final = (
    Place(
        series(
            Caption(
                Text("Mức âm tương đương LAeq", "Equivalent sound level LAeq"),
                Text(
                    "Trung bình năng lượng, không phải trung bình cộng của decibel; bỏ số liệu nghi ngờ. "
                    "Đường kẻ: 55 và 70 dBA "
                    "(QCVN 26:2010/BTNMT, khu vực thông thường, đêm và ngày; QCVN 26:2025 thay thế, nhập "
                    "theo từng vùng).",
                    "Averaged as energy, not as decibels; suspect readings stay out. Lines: 55 and 70 dBA "
                    "(QCVN 26:2010/BTNMT, "
                    "ordinary areas, "
                    "night and day; QCVN 26:2025 replaces it zone by zone).",
                ),
            ),
            panel_sql("follow_sound"),
            Look(unit="dB", decimals=1, thresholds=_NOISE, lines=True),
        ),
        14,
    ),
    Place(
        table(
            Caption(
                Text("Tiếng ồn trong khoảng thời gian", "Noise of the time range"),
                Text(
                    "L10: mức bị vượt trong 10 % thời gian; L90: mức nền.",
                    "L10: exceeded 10 % of the time; L90: the background.",
                ),
            ),
            panel_sql("list_sound_levels"),
            (
                columns.PLACE,
                Column("laeq", Text("LAeq", "LAeq"), unit="dB", decimals=1, thresholds=_NOISE, coloured=True),
                Column("l10", Text("L10", "L10"), unit="dB", decimals=1, thresholds=PLAIN),
                Column("l90", Text("L90", "L90"), unit="dB", decimals=1),
                Column("maximum", Text("Lớn nhất", "Maximum"), unit="dB", decimals=1),
                columns.SAMPLES,
            ),
        ),
        10,
    ),
)

BOARD: Final = Board(
    "air-flood-noise",
    Text("Nhịp – Không khí, ngập lụt và tiếng ồn", "Nhịp – Air, flood and noise"),
    Text("Chất lượng không khí, mực nước, mưa và tiếng ồn.", "Air quality, water levels, rain and noise."),
    (
        Row(Text("Không khí", "Air"), _AIR),
        Row(Text("Ngập lụt", "Flood"), _FLOOD),
        Row(Text("Tiếng ồn", "Noise"), _SOUND),
    ),
    time_from="now-48h",
)
