"""What is wrong now, where and since when; the headline indicators; the map."""

from __future__ import annotations

from typing import Final

from dashboards import columns
from dashboards.bands import (
    NONE_IS_GOOD,
    PLAIN,
    PM25_DAY,
    PROBLEMS,
    SEVERITIES,
    SHARE,
    SITE_STATES,
    VN_AQI,
    steps,
)
from dashboards.board import Board, Place, Row
from dashboards.panels import Caption, Column, Look, series, site_map, stat, table
from dashboards.query import panel_sql
from domain.text import Text

_ON_LINE_UNKNOWN: Final = Text(
    "Gateway không báo trạng thái đang kết nối (bản tin trạng thái hoặc di chúc MQTT).",
    "Gateways that do not report being on line (status message or MQTT last will).",
)
_HEADLINES: Final = (
    Place(
        stat(
            Caption(
                Text("VN_AQI giờ, trạm cao nhất", "Hourly VN_AQI, worst station"),
                Text(
                    "Giá trị VN_AQI giờ mới nhất của trạm cao nhất trong địa bàn đã chọn (QĐ 1459/QĐ-TCMT). "
                    "0–50 tốt, 51–100 trung bình, 101–150 kém, 151–200 xấu, 201–300 rất xấu, trên 300 "
                    "nguy hại.",
                    "Newest hourly VN_AQI of the worst station in the chosen areas (QĐ 1459/QĐ-TCMT). "
                    "0–50 good, 51–100 moderate, 101–150 poor, 151–200 bad, 201–300 very bad, above 300 "
                    "hazardous.",
                ),
            ),
            panel_sql("name_worst_site", indicator="vn_aqi_hour", period="hour"),
            Look(decimals=0, thresholds=VN_AQI),
            named=True,
        ),
        4,
        5,
    ),
    Place(
        stat(
            Caption(
                Text("PM2.5 ngày, trạm cao nhất", "Daily PM2.5, worst station"),
                Text(
                    "Trung bình 24 giờ của PM2.5; giới hạn 45 µg/m³ từ 01/01/2026 (QCVN 05:2023/BTNMT). "
                    "Ngày hôm nay là tạm tính.",
                    "24-hour mean of PM2.5; the limit is 45 µg/m³ since 1 January 2026 (QCVN 05:2023/BTNMT). "
                    "Today's value is provisional.",
                ),
            ),
            panel_sql("name_worst_site", indicator="pm25_day", period="day"),
            Look(unit="conμgm3", decimals=1, thresholds=PM25_DAY),
            named=True,
        ),
        4,
        5,
    ),
    Place(
        stat(
            Caption(
                Text("Độ đầy đủ dữ liệu trong ngày", "Completeness of the day"),
                Text(
                    "Số khoảng đo có ít nhất một số liệu hợp lệ chia cho số khoảng phải có, của địa bàn "
                    "rộng nhất đã chọn. "
                    "Dưới 75 % thì chỉ số của kỳ không được công bố.",
                    "Slots with at least one valid reading over the slots expected, for the broadest "
                    "chosen area. "
                    "Below 75 % the indicators of a period are not published.",
                ),
            ),
            panel_sql("show_area_indicator", indicator="completeness", period="day"),
            Look(unit=columns.SHARE_UNIT, decimals=1, thresholds=SHARE),
            named=True,
        ),
        4,
        5,
    ),
    Place(
        stat(
            Caption(
                Text("SAIDI tháng này (phút)", "SAIDI this month (minutes)"),
                Text(
                    "Thời gian mất điện trung bình của một khách hàng từ đầu tháng, chỉ tính lần mất điện "
                    "trên 5 phút.",
                    "Minutes without power of the average customer since the month began; interruptions "
                    "above 5 minutes.",
                ),
            ),
            panel_sql("show_area_indicator", indicator="saidi", period="month"),
            Look(decimals=1, thresholds=PLAIN),
            named=True,
        ),
        4,
        5,
    ),
    Place(
        stat(
            Caption(
                Text("Mất điện đang diễn ra", "Open power interruptions"),
                Text(
                    "Số lần mất điện chưa kết thúc và số khách hàng bị ảnh hưởng; không kể sự kiện được "
                    "loại trừ.",
                    "Interruptions that have not ended, and the customers they touch; excluded events are "
                    "not counted.",
                ),
            ),
            panel_sql("count_interruptions"),
            Look(thresholds=NONE_IS_GOOD, decimals=0),
            columns=(
                Column("open", Text("lần", "open")),
                Column("customers", Text("khách hàng", "customers")),
            ),
        ),
        4,
        5,
    ),
    Place(
        stat(
            Caption(Text("Gateway mất kết nối", "Gateways off line"), _ON_LINE_UNKNOWN),
            panel_sql("count_gateways"),
            Look(thresholds=NONE_IS_GOOD, decimals=0),
            columns=(
                Column("offline", Text("mất kết nối", "off line")),
                Column("total", Text("tổng số", "in all"), thresholds=PLAIN),
            ),
        ),
        4,
        5,
    ),
)
_PROBLEMS: Final = Place(
    table(
        Caption(
            Text("Điều gì đang sai, ở đâu, từ bao giờ", "What is wrong, where, since when"),
            Text(
                "Luôn là tình trạng lúc này, không theo khoảng thời gian đã chọn. Cảm biến được coi là "
                "ngừng gửi "
                "sau ba chu kỳ (ít nhất 5 phút) không có số liệu. Bảng trống nghĩa là không có vấn đề nào "
                "được biết.",
                "Always the present, whatever the time range. A sensor counts as silent after three "
                "intervals (at "
                "least 5 minutes) without a reading. An empty table means that no problem is known.",
            ),
        ),
        panel_sql("list_problems"),
        (
            Column("severity", Text("Mức", "Severity"), mappings=SEVERITIES, coloured=True, width=90),
            Column("kind", Text("Vấn đề", "Problem"), mappings=PROBLEMS, width=190),
            columns.AREA,
            columns.PLACE,
            Column("subject", Text("Đối tượng", "Subject")),
            Column("since", Text("Từ", "Since"), unit=columns.AGO, width=140),
            Column("detail", Text("Chi tiết", "Detail")),
        ),
    ),
    14,
    12,
)
_MAP: Final = Place(
    site_map(
        Caption(
            Text("Bản đồ điểm đo", "Map of sites"),
            Text(
                "Xanh: mọi cảm biến đang gửi. Cam: một số cảm biến ngừng gửi. Đỏ: tất cả ngừng gửi hoặc "
                "đang mất điện.",
                "Green: all sensors report. Orange: some are silent. Red: all are silent, or power is "
                "interrupted.",
            ),
        ),
        panel_sql("locate_sites"),
        (
            Column("name", Text("Điểm đo", "Site")),
            columns.KIND,
            columns.AREA,
            Column(
                "state",
                Text("Tình trạng", "State"),
                mappings=SITE_STATES,
                thresholds=steps("green", (1, "orange"), (2, "red")),
            ),
            Column("aqi", Text("VN_AQI giờ", "Hourly VN_AQI"), decimals=0),
            Column("sensors", Text("Số cảm biến", "Sensors")),
            Column("silent", Text("Đang ngừng gửi", "Silent")),
            columns.LAST_SEEN,
        ),
        colour_by="state",
    ),
    10,
    12,
)
_INDICATORS: Final = Place(
    table(
        Caption(
            Text("Chỉ số theo địa bàn", "Indicators by area"),
            Text(
                "Giá trị mới nhất của mỗi chỉ số theo ngày, tháng, năm. Kết luận là nhị phân (Thông tư "
                "03/2026/TT-BXD): "
                "không đủ minh chứng thì không đạt. Tạm tính: kỳ chưa kết thúc.",
                "Newest value of every indicator by day, month and year. Verdicts are binary (Thông tư "
                "03/2026/TT-BXD): "
                "without evidence it is not met. Provisional: the period is not over.",
            ),
        ),
        panel_sql("list_headlines"),
        (
            Column("title", Text("Chỉ số", "Indicator")),
            columns.AREA,
            columns.PERIOD,
            columns.PERIOD_START,
            Column("value", Text("Giá trị", "Value"), decimals=2),
            Column("unit", Text("Đơn vị", "Unit"), width=90),
            columns.COMPLETENESS,
            columns.VERDICT,
            columns.LIMIT,
            columns.PROVISIONAL,
        ),
    ),
    24,
    9,
)

BOARD: Final = Board(
    "city",
    Text("Nhịp – Tổng quan đô thị", "Nhịp – City overview"),
    Text("Đô thị đang thế nào, và điều gì cần xử lý ngay.", "How the city is, and what needs attention now."),
    (
        Row(Text("Lúc này", "Now"), _HEADLINES),
        Row(Text("Cần xử lý", "Needs attention"), (_PROBLEMS, _MAP)),
        Row(Text("Chỉ số", "Indicators"), (_INDICATORS,)),
        Row(
            Text("Diễn biến", "Over time"),
            (
                Place(
                    series(
                        Caption(
                            Text("VN_AQI giờ theo trạm", "Hourly VN_AQI by station"),
                            Text(
                                "Mỗi điểm là một giờ, ghi tại đầu giờ.",
                                "One point an hour, placed at the hour's start.",
                            ),
                        ),
                        panel_sql("follow_site_indicator", indicator="vn_aqi_hour", period="hour"),
                        Look(decimals=0, thresholds=VN_AQI, low=0, lines=True),
                    ),
                    12,
                    9,
                ),
                Place(
                    series(
                        Caption(
                            Text("Dữ liệu có mặt theo địa bàn", "Data present by area"),
                            Text(
                                "Phần khoảng đo có số liệu hợp lệ trong từng giờ; đường kẻ là ngưỡng 75 %.",
                                "Share of slots with a valid reading, hour by hour; the line is the 75 % "
                                "rule.",
                            ),
                        ),
                        panel_sql("follow_presence"),
                        Look(unit=columns.SHARE_UNIT, low=0, high=1, thresholds=SHARE, lines=True),
                    ),
                    12,
                    9,
                ),
            ),
        ),
    ),
)
