"""What SAIDI, SAIFI and MAIFI share (Thông tư 05/2025/TT-BCT, Article 15)."""

from __future__ import annotations

from typing import Final

from domain.text import Text

SOURCE: Final = "Thông tư 05/2025/TT-BCT, Điều 15"
# An interruption of exactly five minutes is still momentary.
MOMENTARY_S_MAX: Final = 300.0
COMPLETENESS_RULE: Final = Text(
    "Mức đầy đủ: tỷ lệ thời gian biết được trạng thái cấp điện của các xuất tuyến. Không có số liệu không "
    "phải là mất điện. Sự cố có lý do loại trừ không tính.",
    "Completeness: share of time in which the feeders' supply state is known. No data is not an "
    "interruption. Interruptions with a reason of exclusion do not count.",
)
BOOKING: Final = Text(
    "Sự cố ghi trọn vào kỳ mà nó bắt đầu; đang diễn ra thì tính đến hiện tại. Năm: tổng 12 tháng.",
    "An interruption is booked whole to the period in which it began; one going on counts to now. Year: sum "
    "of the 12 months.",
)
