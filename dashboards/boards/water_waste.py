"""Water supply and quality, and waste."""

from __future__ import annotations

from typing import Final

from dashboards import columns
from dashboards.bands import NONE_IS_GOOD, PLAIN, steps
from dashboards.board import Board, Place, Row
from dashboards.panels import Caption, Column, Look, bars, series, stat, table
from dashboards.query import panel_sql
from domain.text import Text

_FILL: Final = steps("green", (80, "orange"), (100, "red"))
# Inside the limits: all of the time is the aim of QCVN 01-1.
_WITHIN: Final = steps("red", (0.95, "#e0b400"), (0.999, "green"))
# 10 m of head at the worst point of the network: a configured rule of practice, not a legal limit.
_PRESSURE: Final = steps("red", (10, "green"))


def _quantity(quantity: str, title: Text, meaning: Text, look: Look, *, width: int = 8) -> Place:
    return Place(
        series(Caption(title, meaning), panel_sql("follow_quantity", quantity=quantity), look), width
    )


_SUPPLY: Final = (
    _quantity(
        "water_pressure",
        Text("Áp lực nước", "Water pressure"),
        Text(
            "Cột nước (m) trung bình mỗi khoảng vẽ; đường kẻ 10 m là mức tối thiểu thường dùng.",
            "Metres of head, mean of each interval drawn; the line at 10 m is the usual minimum.",
        ),
        Look(unit="lengthm", decimals=1, low=0, thresholds=_PRESSURE, lines=True),
    ),
    _quantity(
        "water_flow",
        Text("Lưu lượng", "Flow"),
        Text("Trung bình mỗi khoảng vẽ.", "Mean of each interval drawn."),
        Look(unit="suffix: m³/h", decimals=1),
    ),
    Place(
        series(
            Caption(
                Text("Sản lượng theo giờ", "Volume by hour"),
                Text(
                    "Lượng tăng của đồng hồ trong từng giờ; đồng hồ về 0 được tính đúng.",
                    "Increase of the meters in each hour; a meter that restarts at zero is accounted for.",
                ),
            ),
            panel_sql("follow_increase", quantity="water_volume"),
            Look(unit="suffix: m³", decimals=1, low=0),
            style="bars",
        ),
        8,
    ),
)
_QUALITY: Final = (
    Place(
        table(
            Caption(
                Text("Chất lượng nước trong khoảng thời gian", "Water quality of the time range"),
                Text(
                    "Phần số liệu nằm trong giới hạn QCVN 01-1:2018/BYT nhóm A: clo dư 0,2–1,0 mg/L, độ "
                    "đục ≤ 2 NTU, "
                    "pH 6,0–8,5. QCVN 01-1:2024/BYT thay thế từ 01/07/2025: giới hạn là cấu hình.",
                    "Share of readings within QCVN 01-1:2018/BYT group A: free chlorine 0.2–1.0 mg/L, "
                    "turbidity ≤ 2 NTU, "
                    "pH 6.0–8.5. QCVN 01-1:2024/BYT replaced it on 1 July 2025: the limits are "
                    "configuration.",
                ),
            ),
            panel_sql("list_water_quality"),
            (
                columns.PLACE,
                Column("quantity", Text("Thông số", "Parameter")),
                Column("last_value", Text("Mới nhất", "Newest"), decimals=2),
                Column("unit", Text("Đơn vị", "Unit"), width=80),
                Column("low", Text("Từ", "From"), width=70),
                Column("high", Text("Đến", "To"), width=70),
                Column(
                    "within",
                    Text("Trong giới hạn", "Within limits"),
                    unit=columns.SHARE_UNIT,
                    decimals=1,
                    thresholds=_WITHIN,
                    coloured=True,
                ),
                Column("minimum", Text("Nhỏ nhất", "Minimum"), decimals=2),
                Column("maximum", Text("Lớn nhất", "Maximum"), decimals=2),
                columns.SAMPLES,
            ),
        ),
        24,
    ),
    _quantity(
        "free_chlorine",
        Text("Clo dư tự do", "Free residual chlorine"),
        Text("Giới hạn 0,2–1,0 mg/L.", "Limits 0.2–1.0 mg/L."),
        Look(
            unit="suffix: mg/L",
            decimals=2,
            low=0,
            thresholds=steps("red", (0.2, "green"), (1.0, "red")),
            lines=True,
        ),
        width=12,
    ),
    _quantity(
        "turbidity",
        Text("Độ đục", "Turbidity"),
        Text("Giới hạn 2 NTU.", "Limit 2 NTU."),
        Look(unit="suffix: NTU", decimals=2, low=0, thresholds=steps("green", (2, "red")), lines=True),
        width=12,
    ),
)
_WASTE: Final = (
    Place(
        stat(
            Caption(
                Text("Thùng rác cần thu gom", "Bins to be emptied"),
                Text(
                    "Thùng đầy từ 80 % và thùng tràn từ 100 %, theo số liệu mới nhất.",
                    "Bins at 80 % or more, and overflowing ones at 100 %, by their newest reading.",
                ),
            ),
            panel_sql("count_full_bins"),
            Look(thresholds=NONE_IS_GOOD, decimals=0),
            columns=(
                Column("due", Text("từ 80 %", "80 % or more")),
                Column("overflowing", Text("tràn", "overflowing")),
                Column("total", Text("tổng số", "in all"), thresholds=PLAIN),
            ),
        ),
        6,
        9,
    ),
    Place(
        bars(
            Caption(
                Text("20 thùng đầy nhất", "The 20 fullest bins"),
                Text("Mức đầy mới nhất.", "Newest fill level."),
            ),
            panel_sql("list_fullest_bins"),
            Look(unit="percent", decimals=0, low=0, thresholds=_FILL),
            category="place",
            columns=(Column("fill", Text("Mức đầy", "Fill level")),),
            horizontal=True,
        ),
        9,
        9,
    ),
    Place(
        series(
            Caption(
                Text("Mức đầy theo thời gian", "Fill level over time"),
                Text("Giảm đột ngột là lúc thu gom.", "A sudden drop is a collection."),
            ),
            panel_sql("follow_quantity", quantity="bin_fill"),
            Look(unit="percent", low=0, thresholds=_FILL, lines=True),
        ),
        9,
        9,
    ),
)

BOARD: Final = Board(
    "water-waste",
    Text("Nhịp – Cấp nước và chất thải rắn", "Nhịp – Water and waste"),
    Text("Áp lực, lưu lượng, chất lượng nước và thùng rác.", "Pressure, flow, water quality and bins."),
    (
        Row(Text("Cấp nước", "Water supply"), _SUPPLY),
        Row(Text("Chất lượng nước", "Water quality"), _QUALITY),
        Row(Text("Chất thải rắn", "Waste"), _WASTE),
    ),
)
