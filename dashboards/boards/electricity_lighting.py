"""Electricity and street lighting."""

from __future__ import annotations

from typing import Final

from dashboards import columns
from dashboards.bands import GREEN, NONE_IS_GOOD, RED, YES_NO, named, steps
from dashboards.board import Board, Place, Row
from dashboards.panels import Caption, Column, Look, bars, series, stat, table, timeline
from dashboards.query import panel_sql
from domain.text import Text

_LIT: Final = steps("red", (0.925, "#e0b400"), (0.985, "green"))
_SUPPLY: Final = named([(0, Text("mất điện", "no power"), RED), (1, Text("có điện", "energised"), GREEN)])


def _reliability(indicator: str, title: Text, meaning: Text) -> Place:
    return Place(
        bars(
            Caption(title, meaning),
            panel_sql("compare_reliability", indicator=indicator),
            Look(decimals=2, low=0, thresholds=steps("blue")),
            category="month",
            columns=(Column("value", title),),
            time_from="1y",
        ),
        8,
    )


_POWER: Final = (
    Place(
        stat(
            Caption(
                Text("Mất điện đang diễn ra", "Open interruptions"),
                Text(
                    "Chưa kết thúc, không kể sự kiện được loại trừ.",
                    "Not ended; excluded events are not counted.",
                ),
            ),
            panel_sql("count_interruptions"),
            Look(thresholds=NONE_IS_GOOD, decimals=0),
            columns=(
                Column("open", Text("lần", "open")),
                Column("customers", Text("khách hàng", "customers")),
            ),
        ),
        6,
        9,
    ),
    Place(
        timeline(
            Caption(
                Text("Trạng thái cấp điện theo xuất tuyến", "Supply by feeder"),
                Text(
                    "Trạng thái xấu nhất của mỗi khoảng vẽ, nên lần mất điện ngắn vẫn thấy được.",
                    "The worst state of each interval drawn, so that short interruptions stay visible.",
                ),
            ),
            panel_sql("follow_supply"),
            Look(decimals=0, thresholds=steps(RED, (1, GREEN)), mappings=_SUPPLY),
        ),
        18,
        9,
    ),
    Place(
        table(
            Caption(
                Text("Các lần mất điện", "Interruptions"),
                Text(
                    "Trong khoảng thời gian đã chọn; lần chưa kết thúc đứng đầu.",
                    "Within the chosen time range; open ones first.",
                ),
            ),
            panel_sql("list_interruptions"),
            (
                columns.PLACE,
                columns.AREA,
                Column("started_at", Text("Bắt đầu", "Began")),
                Column("ended_at", Text("Kết thúc", "Ended")),
                Column("duration_s", Text("Kéo dài", "Duration"), unit=columns.SECONDS, decimals=0),
                Column("customers", Text("Khách hàng", "Customers")),
                Column("planned", Text("Có kế hoạch", "Planned"), mappings=YES_NO),
                Column("excluded_reason", Text("Lý do loại trừ", "Reason of exclusion")),
            ),
        ),
        24,
    ),
    _reliability(
        "saidi",
        Text("SAIDI (phút)", "SAIDI (minutes)"),
        Text(
            "Phút mất điện của khách hàng trung bình trong tháng: tổng (thời gian x khách hàng bị mất) "
            "chia khách hàng; "
            "chỉ lần trên 5 phút (Thông tư 05/2025/TT-BCT). Tháng này là tạm tính.",
            "Minutes without power of the average customer in the month: sum of duration x customers over "
            "customers; "
            "only interruptions above 5 minutes (Thông tư 05/2025/TT-BCT). This month is provisional.",
        ),
    ),
    _reliability(
        "saifi",
        Text("SAIFI (lần)", "SAIFI (times)"),
        Text(
            "Số lần mất điện trên 5 phút của khách hàng trung bình trong tháng.",
            "Interruptions above 5 minutes of the average customer in the month.",
        ),
    ),
    _reliability(
        "maifi",
        Text("MAIFI (lần)", "MAIFI (times)"),
        Text(
            "Số lần mất điện từ 5 phút trở xuống của khách hàng trung bình trong tháng.",
            "Interruptions of 5 minutes or less of the average customer in the month.",
        ),
    ),
    Place(
        series(
            Caption(
                Text("Công suất tác dụng", "Active power"),
                Text("Trung bình mỗi khoảng vẽ.", "Mean of each interval drawn."),
            ),
            panel_sql("follow_quantity", quantity="active_power"),
            Look(unit="kwatt", decimals=0),
        ),
        12,
    ),
    Place(
        series(
            Caption(
                Text("Điện năng theo giờ", "Energy by hour"),
                Text("Lượng tăng của công tơ trong từng giờ.", "Increase of the meters in each hour."),
            ),
            panel_sql("follow_increase", quantity="active_energy"),
            Look(unit="kwatth", decimals=0, low=0),
            style="bars",
        ),
        12,
    ),
)
_LIGHT: Final = (
    Place(
        series(
            Caption(
                Text("Tỷ lệ đèn sáng", "Share of lamps lit"),
                Text(
                    "Theo địa bàn. Ban đêm phải gần 100 %, ban ngày gần 0 %.",
                    "By area. Close to 100 % at night, close to 0 % by day.",
                ),
            ),
            panel_sql("follow_lamps"),
            Look(unit=columns.SHARE_UNIT, low=0, high=1),
        ),
        12,
        9,
    ),
    Place(
        table(
            Caption(
                Text("Đèn tối nhất ban đêm", "Darkest lamps at night"),
                Text(
                    'Phần số liệu "sáng" từ 19 giờ đến 5 giờ của khoảng đã chọn. Mốc tham khảo 98,5 %.',
                    'Share of readings that say "lit" from 19:00 to 05:00 in the range. Benchmark 98.5 %.',
                ),
            ),
            panel_sql("list_dark_lamps"),
            (
                columns.PLACE,
                columns.AREA,
                Column(
                    "lit",
                    Text("Sáng", "Lit"),
                    unit=columns.SHARE_UNIT,
                    decimals=1,
                    thresholds=_LIT,
                    coloured=True,
                    width=90,
                ),
                columns.SAMPLES,
                columns.LAST_SEEN,
            ),
        ),
        12,
        9,
    ),
    Place(
        series(
            Caption(
                Text("Công suất đèn", "Lamp power"),
                Text("Trung bình mỗi điểm đo và khoảng vẽ.", "Mean of each site and interval drawn."),
            ),
            panel_sql("follow_quantity", quantity="lamp_power"),
            Look(unit="watt", decimals=0, low=0),
        ),
        24,
    ),
)

BOARD: Final = Board(
    "electricity-lighting",
    Text("Nhịp – Điện lực và chiếu sáng", "Nhịp – Electricity and lighting"),
    Text("Độ tin cậy cung cấp điện và đèn đường.", "Reliability of supply, and street lamps."),
    (
        Row(Text("Điện lực", "Electricity"), _POWER),
        Row(Text("Chiếu sáng công cộng", "Street lighting"), _LIGHT),
    ),
)
