"""Ingest and data health: the ledger, quarantine, gateways, gaps, delays."""

from __future__ import annotations

from typing import Final

from dashboards import columns
from dashboards.bands import NONE_IS_GOOD, PLAIN, SHARE, YES_NO, steps
from dashboards.board import Board, Place, Row
from dashboards.panels import Caption, Column, Look, bars, series, stat, table
from dashboards.query import panel_sql
from domain.text import Text

_OUTCOMES: Final = (
    Column("stored", Text("đã lưu", "stored"), thresholds=steps("green")),
    Column("duplicate", Text("trùng", "duplicate"), thresholds=steps("blue")),
    Column("conflict", Text("mâu thuẫn", "conflict"), thresholds=NONE_IS_GOOD),
    Column("quarantined", Text("cách ly", "quarantined"), thresholds=NONE_IS_GOOD),
    Column("rejected", Text("từ chối", "rejected"), thresholds=NONE_IS_GOOD),
)
_SKEW: Final = steps("red", (-300, "orange"), (-60, "green"), (60, "orange"), (300, "red"))
_LEDGER: Final = (
    Place(
        stat(
            Caption(
                Text("Sổ cái của khoảng thời gian", "Ledger of the time range"),
                Text(
                    "Mọi số liệu nhận được đều có kết cục: nhận = lưu + trùng + mâu thuẫn + cách ly + từ "
                    "chối. "
                    "Cơ sở dữ liệu bắt buộc đẳng thức này.",
                    "Every reading received has an outcome: received = stored + duplicate + conflict + "
                    "quarantined + "
                    "rejected. The database enforces the equation.",
                ),
            ),
            panel_sql("sum_accounting"),
            Look(unit="short", thresholds=PLAIN),
            columns=(Column("received", Text("đã nhận", "received")), *_OUTCOMES),
        ),
        16,
        5,
    ),
    Place(
        stat(
            Caption(
                Text("Số liệu mỗi giây", "Readings per second"),
                Text("Trung bình từ đầu giờ này.", "Mean since the running hour began."),
            ),
            panel_sql("measure_rate"),
            Look(decimals=1),
        ),
        4,
        5,
    ),
    Place(
        stat(
            Caption(
                Text("Hàng đợi tính toán", "Waiting for processing"),
                Text(
                    "Số khóa (cảm biến, giờ) chờ tính lại và tuổi của khóa lâu nhất. Tuổi tăng mãi: dịch "
                    "vụ xử lý đang dừng.",
                    "Keys (sensor, hour) to be computed again, and the age of the oldest. An age that "
                    "keeps growing means "
                    "that processing has stopped.",
                ),
            ),
            panel_sql("count_backlog"),
            Look(decimals=0),
            columns=(
                Column("keys", Text("khóa", "keys")),
                Column(
                    "age_s",
                    Text("lâu nhất", "oldest"),
                    unit=columns.SECONDS,
                    thresholds=steps("green", (120, "orange"), (900, "red")),
                ),
            ),
        ),
        4,
        5,
    ),
    Place(
        series(
            Caption(
                Text("Kết cục theo giờ nhận", "Outcome by hour of reception"),
                Text("Cộng dồn theo gateway.", "Summed over gateways."),
            ),
            panel_sql("follow_accounting"),
            Look(unit="short", low=0),
            style="bars",
            columns=_OUTCOMES,
        ),
        24,
    ),
)
_QUARANTINE: Final = (
    Place(
        bars(
            Caption(
                Text("Cách ly theo lý do", "Quarantine by reason"),
                Text(
                    "Số liệu còn mở. Gateway hoặc cảm biến chưa đăng ký được nạp lại ngay khi đăng ký.",
                    "Open readings. Those of unknown gateways and sensors are replayed as soon as they "
                    "are registered.",
                ),
            ),
            panel_sql("count_quarantine"),
            Look(unit="short", decimals=0, low=0, thresholds=steps("orange")),
            category="reason",
            columns=(columns.REASON, Column("readings", Text("Số liệu", "Readings"))),
            horizontal=True,
        ),
        8,
        9,
    ),
    Place(
        table(
            Caption(
                Text("Cách ly đang mở", "Open quarantine"),
                Text(
                    "Theo gateway, cảm biến và lý do; xử lý bằng trang đăng ký hoặc `nhip quarantine`.",
                    "By gateway, sensor and reason; resolve it on the registration page or with `nhip "
                    "quarantine`.",
                ),
            ),
            panel_sql("list_quarantine"),
            (
                columns.GATEWAY,
                Column("sensor", Text("Cảm biến", "Sensor")),
                columns.REASON,
                Column("readings", Text("Số liệu", "Readings")),
                Column("first_at", Text("Lần đầu", "First"), unit=columns.AGO),
                Column("last_at", Text("Lần cuối", "Last"), unit=columns.AGO),
            ),
        ),
        16,
        9,
    ),
)
_GATEWAYS: Final = (
    Place(
        table(
            Caption(
                Text("Gateway", "Gateways"),
                Text(
                    "Mất kết nối đứng đầu. Khoảng trống: số mã lô bị nhảy. Lệch giờ: trung vị của (lúc "
                    "nhận trừ thời điểm "
                    "đo) trong lô cuối; âm là đồng hồ gateway chạy nhanh.",
                    "Off line first. Gaps: batch numbers that were skipped. Skew: median of (received "
                    "minus measured) in "
                    "the last batch; negative means that the gateway's clock is fast.",
                ),
            ),
            panel_sql("list_gateways"),
            (
                Column("code", Text("Mã", "Code")),
                Column("name", Text("Tên", "Name")),
                Column("online", Text("Kết nối", "On line"), mappings=YES_NO, coloured=True, width=90),
                Column("last_seen_at", Text("Lần cuối", "Last seen"), unit=columns.AGO),
                Column(
                    "gap_count",
                    Text("Khoảng trống", "Gaps"),
                    thresholds=NONE_IS_GOOD,
                    coloured=True,
                    width=110,
                ),
                Column(
                    "clock_skew_s",
                    Text("Lệch giờ", "Skew"),
                    unit=columns.SECONDS,
                    decimals=1,
                    thresholds=_SKEW,
                    coloured=True,
                    width=100,
                ),
                Column("received", Text("Đã nhận", "Received"), width=100),
                Column("quarantined", Text("Cách ly", "Quarantined"), width=100),
            ),
        ),
        24,
        10,
    ),
)
_SENSORS: Final = (
    Place(
        stat(
            Caption(
                Text("Cảm biến ngừng gửi", "Silent sensors"),
                Text(
                    "Không có số liệu trong ba chu kỳ (ít nhất 5 phút).",
                    "No reading for three intervals (at least 5 minutes).",
                ),
            ),
            panel_sql("count_silent_sensors"),
            Look(thresholds=NONE_IS_GOOD, decimals=0),
            columns=(
                Column("silent", Text("ngừng gửi", "silent")),
                Column("total", Text("tổng số", "in all"), thresholds=PLAIN),
            ),
        ),
        6,
        10,
    ),
    Place(
        table(
            Caption(
                Text("Danh sách cảm biến ngừng gửi", "List of silent sensors"),
                Text("Lâu nhất đứng đầu; trống: hơn 35 ngày.", "Longest first; empty: more than 35 days."),
            ),
            panel_sql("list_silent_sensors"),
            (
                Column("code", Text("Mã", "Code")),
                columns.QUANTITY,
                columns.PLACE,
                columns.AREA,
                columns.GATEWAY,
                Column("interval_s", Text("Chu kỳ", "Interval"), unit=columns.SECONDS, width=90),
                columns.LAST_SEEN,
                Column("last_value", Text("Giá trị cuối", "Last value"), decimals=2),
            ),
        ),
        18,
        10,
    ),
    Place(
        series(
            Caption(
                Text("Dữ liệu có mặt theo địa bàn", "Data present by area"),
                Text(
                    "Phần khoảng đo có số liệu hợp lệ trong từng giờ.",
                    "Share of slots with a valid reading, hour by hour.",
                ),
            ),
            panel_sql("follow_presence"),
            Look(unit=columns.SHARE_UNIT, low=0, high=1, thresholds=SHARE, lines=True),
        ),
        12,
    ),
    Place(
        series(
            Caption(
                Text("Độ khả dụng theo địa bàn và ngày", "Availability by area and day"),
                Text(
                    "Phần thời gian cảm biến sống (quy tắc nhịp tim), theo chỉ số availability đã công bố.",
                    "Share of time in which sensors were alive (heartbeat rule), as published by the "
                    "indicator.",
                ),
            ),
            panel_sql("follow_area_indicator", indicator="availability", period="day"),
            Look(unit=columns.SHARE_UNIT, low=0, high=1, thresholds=SHARE),
            time_from="30d",
        ),
        12,
    ),
    Place(
        series(
            Caption(
                Text("Độ đầy đủ theo địa bàn và ngày", "Completeness by area and day"),
                Text(
                    "Phần khoảng đo có số liệu hợp lệ, theo chỉ số completeness đã công bố; đường kẻ là "
                    "75 %.",
                    "Share of slots with a valid reading, as published by the indicator; the line is 75 %.",
                ),
            ),
            panel_sql("follow_area_indicator", indicator="completeness", period="day"),
            Look(unit=columns.SHARE_UNIT, low=0, high=1, thresholds=SHARE, lines=True),
            time_from="30d",
        ),
        12,
    ),
    Place(
        series(
            Caption(
                Text("Đúng hạn và độ trễ", "Timeliness and delay"),
                Text(
                    "Phần số liệu đến đúng hạn (trục trái) và độ trễ lớn nhất (trục phải), theo giờ đo.",
                    "Share of readings in time (left axis) and the longest delay (right axis), by hour of "
                    "measurement.",
                ),
            ),
            panel_sql("follow_timeliness"),
            Look(unit=columns.SHARE_UNIT, low=0),
            columns=(
                Column("on_time", Text("đúng hạn", "in time")),
                Column("delay_max_s", Text("trễ nhất", "longest delay"), unit=columns.SECONDS),
            ),
        ),
        12,
    ),
)

BOARD: Final = Board(
    "health",
    Text("Nhịp – Tiếp nhận và sức khỏe dữ liệu", "Nhịp – Ingest and data health"),
    Text(
        "Mỗi số liệu đi đâu, gateway nào im lặng, dữ liệu đến muộn bao lâu.",
        "Where each reading went, which gateways are silent, how late data arrive.",
    ),
    (
        Row(Text("Sổ cái", "Ledger"), _LEDGER),
        Row(Text("Cách ly", "Quarantine"), _QUARANTINE),
        Row(Text("Gateway", "Gateways"), _GATEWAYS),
        Row(Text("Cảm biến", "Sensors"), _SENSORS),
    ),
)
