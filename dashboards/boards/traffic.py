"""Traffic: the seventh service has a board of its own."""

from __future__ import annotations

from typing import Final

from dashboards import columns
from dashboards.bands import steps
from dashboards.board import Board, Place, Row
from dashboards.panels import Caption, Column, Look, series, table
from dashboards.query import panel_sql
from domain.text import Text

# U4SSC EC:I:T:5A: up to 1.5 good, 1.5 to 2.5 potentially acceptable, above less desirable.
_TTI: Final = steps("green", (1.5, "orange"), (2.5, "red"))
_MEAN: Final = Text("Trung bình mỗi khoảng vẽ.", "Mean of each interval drawn.")

BOARD: Final = Board(
    "traffic",
    Text("Nhịp – Giao thông", "Nhịp – Traffic"),
    Text("Tốc độ, lưu lượng và ùn tắc.", "Speed, flow and congestion."),
    (
        Row(
            Text("Ùn tắc", "Congestion"),
            (
                Place(
                    table(
                        Caption(
                            Text("Chỉ số thời gian hành trình", "Travel time index"),
                            Text(
                                "Thời gian đi một đoạn trong giờ cuối chia cho lúc thông thoáng (15 % "
                                "nhanh nhất của "
                                "khoảng thời gian đã chọn). 1,3 nghĩa là chuyến 20 phút mất 26 phút.",
                                "Time for a stretch in the last hour over the same in free flow (the "
                                "fastest 15 % of the "
                                "time range). 1.3 means that a trip of 20 minutes takes 26.",
                            ),
                        ),
                        panel_sql("list_congestion"),
                        (
                            columns.PLACE,
                            Column(
                                "basis", Text("Tính từ", "Computed from"), mappings=columns.QUANTITY.mappings
                            ),
                            Column(
                                "tti", Text("Chỉ số", "Index"), decimals=2, thresholds=_TTI, coloured=True
                            ),
                            Column(
                                "now_value",
                                Text("Giờ cuối (km/h hoặc s)", "Last hour (km/h or s)"),
                                decimals=0,
                            ),
                            columns.SAMPLES,
                        ),
                    ),
                    10,
                    9,
                ),
                Place(
                    series(
                        Caption(Text("Tốc độ xe", "Vehicle speed"), _MEAN),
                        panel_sql("follow_quantity", quantity="vehicle_speed"),
                        Look(unit="velocitykmh", decimals=0, low=0),
                    ),
                    14,
                    9,
                ),
            ),
        ),
        Row(
            Text("Lưu lượng", "Flow"),
            (
                Place(
                    series(
                        Caption(
                            Text("Lượt xe theo giờ", "Vehicles by hour"),
                            Text(
                                "Lượng tăng của bộ đếm trong từng giờ.",
                                "Increase of the counters in each hour.",
                            ),
                        ),
                        panel_sql("follow_increase", quantity="vehicle_count"),
                        Look(unit="short", decimals=0, low=0),
                        style="bars",
                    ),
                    12,
                ),
                Place(
                    series(
                        Caption(Text("Độ chiếm dụng làn", "Lane occupancy"), _MEAN),
                        panel_sql("follow_quantity", quantity="occupancy"),
                        Look(unit="percent", decimals=0, low=0, high=100),
                    ),
                    12,
                ),
            ),
        ),
    ),
)
