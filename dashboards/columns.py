"""Table columns that several boards show in the same way."""

from __future__ import annotations

from typing import Final

from dashboards.bands import GREEN, PERIODS, SHARE, VERDICTS, YES_NO, named
from dashboards.panels import Column
from domain.quantities import QUANTITIES
from domain.quarantine import REASON_TEXTS
from domain.text import Text

# Units whose cells must tell a moment or a span; identifiers of Grafana.
AGO: Final = "dateTimeFromNow"
SECONDS: Final = "s"
SHARE_UNIT: Final = "percentunit"

AREA: Final = Column("area", Text("Địa bàn", "Area"))
PLACE: Final = Column("place", Text("Điểm đo", "Site"))
SAMPLES: Final = Column("n", Text("Số giá trị", "Values"))
LAST_SEEN: Final = Column("last_ts", Text("Số liệu cuối", "Last reading"), unit=AGO)
PERIOD: Final = Column("period", Text("Kỳ", "Period"), mappings=PERIODS, width=80)
PERIOD_START: Final = Column("period_start", Text("Bắt đầu kỳ", "Start of period"))
LIMIT: Final = Column("limit_value", Text("Giới hạn", "Limit"))
COMPLETENESS: Final = Column(
    "completeness",
    Text("Độ đầy đủ", "Completeness"),
    unit=SHARE_UNIT,
    thresholds=SHARE,
    coloured=True,
    decimals=0,
    width=110,
)
VERDICT: Final = Column("verdict", Text("Kết luận", "Verdict"), mappings=VERDICTS, coloured=True)
PROVISIONAL: Final = Column("provisional", Text("Tạm tính", "Provisional"), mappings=YES_NO, width=100)
QUANTITY: Final = Column(
    "quantity",
    Text("Đại lượng", "Quantity"),
    mappings=named([(code, quantity.title, "text") for code, quantity in QUANTITIES.items()]),
)
REASON: Final = Column(
    "reason",
    Text("Lý do", "Reason"),
    mappings=named([(reason.value, text, "text") for reason, text in REASON_TEXTS.items()]),
)
GATEWAY: Final = Column("gateway", Text("Gateway", "Gateway"))
KIND: Final = Column(
    "kind",
    Text("Loại", "Kind"),
    mappings=named(
        [
            ("air_station", Text("Trạm không khí", "Air station"), GREEN),
            ("water_station", Text("Trạm nước", "Water station"), GREEN),
            ("pump", Text("Trạm bơm", "Pump"), GREEN),
            ("feeder", Text("Xuất tuyến điện", "Feeder"), GREEN),
            ("light", Text("Đèn đường", "Street light"), GREEN),
            ("road", Text("Đoạn đường", "Road"), GREEN),
            ("bin", Text("Thùng rác", "Bin"), GREEN),
            ("gauge", Text("Trạm thủy văn", "Gauge"), GREEN),
            ("noise_station", Text("Trạm tiếng ồn", "Noise station"), GREEN),
            ("pole", Text("Cột", "Pole"), GREEN),
            ("other", Text("Khác", "Other"), GREEN),
        ]
    ),
)
