"""Texts of the evaluator's page."""

from typing import Final

from domain.text import Text

TEXTS: Final = {
    "indicators.title": Text("Chỉ số", "Indicators"),
    "indicators.lead": Text(
        "Chọn chỉ số, nơi và thời kỳ. Địa chỉ trang giữ nguyên lựa chọn: gửi cho người khác là họ "
        "thấy đúng như vậy.",
        "Choose an indicator, a place and a period. The address of the page holds your choice: share "
        "it and others "
        "see the same.",
    ),
    "indicators.indicator": Text("Chỉ số", "Indicator"),
    "indicators.kind": Text("Tính cho", "Computed for"),
    "indicators.subject": Text("Nơi", "Which one"),
    "indicators.period": Text("Kỳ", "Period"),
    "indicators.from": Text("Từ ngày", "From"),
    "indicators.to": Text("Đến trước ngày", "Before"),
    "indicators.loading": Text("Đang tải …", "Loading …"),
    "indicators.none_yet": Text(
        "Chưa có chỉ số nào: dịch vụ tính toán chưa khởi động lần nào.",
        "No indicators yet: the processing service has not started yet.",
    ),
    "indicators.no_subject": Text("Chưa có nơi nào để chọn.", "There is nothing to choose from yet."),
    "indicators.nothing": Text(
        "Không có giá trị nào trong thời gian này. Chọn thời gian khác, kỳ khác hoặc nơi khác.",
        "There are no values in this span. Choose another span, period or place.",
    ),
    "indicators.cut": Text(
        "Chỉ hiện {n} giá trị đầu; tải tệp để có đủ.",
        "Only the first {n} values are shown; download a file for all.",
    ),
    "indicators.no_value": Text("không có giá trị", "no value"),
    "indicators.no_value_at_all": Text("Không có giá trị nào", "No value at all"),
    "indicators.provisional": Text("tạm tính", "provisional"),
    "indicators.summary": Text(
        "{known} trên {n} kỳ có giá trị. Thấp nhất {low} ({low_at}), cao nhất {high} ({high_at}).",
        "{known} of {n} periods have a value. Lowest {low} ({low_at}), highest {high} ({high_at}).",
    ),
    "indicators.summary_same": Text(
        "{known} trên {n} kỳ có giá trị, đều là {value}.",
        "{known} of {n} periods have a value, always {value}.",
    ),
    "indicators.summary_none": Text("{n} kỳ, chưa kỳ nào có giá trị.", "{n} periods, none has a value yet."),
    "indicators.summary_verdict": Text(
        "Đạt {met} trên {judged} kỳ được đánh giá.", "Met in {met} of {judged} periods judged."
    ),
    "indicators.chart_note": Text(
        "Chỗ trống: không có giá trị. Nhạt hoặc rỗng: tạm tính. Phím mũi tên hoặc ngón tay: xem từng kỳ.",
        "Gap: no value. Pale or hollow: provisional. Arrow keys or a finger: look at each period.",
    ),
    "indicators.chart_note_aqi": Text(
        "Màu theo mức VN_AQI. Chỗ trống: không có giá trị. Nhạt: tạm tính. Phím mũi tên hoặc ngón "
        "tay: xem từng kỳ.",
        "Colours are the bands of VN_AQI. Gap: no value. Pale: provisional. Arrow keys or a finger: "
        "look at each period.",
    ),
    "indicators.limit": Text("giới hạn {limit}", "limit {limit}"),
    "indicators.download": Text("Cùng dữ liệu:", "The same data:"),
    "indicators.more": Text("Thêm dòng", "More rows"),
    "indicators.method": Text("Cách tính", "How it is computed"),
    "method.unit": Text("Đơn vị", "Unit"),
    "method.index": Text("không đơn vị", "none"),
    "method.formula": Text("Công thức", "Formula"),
    "method.completeness_rule": Text("Điều kiện công bố", "When it is published"),
    "method.source": Text("Căn cứ", "Source"),
    "method.version": Text("Phiên bản cách tính", "Method version"),
    "column.period": Text("Kỳ", "Period"),
    "column.value": Text("Giá trị", "Value"),
    "column.responsible": Text("Do", "Because of"),
    "column.n": Text("Số đầu vào", "Inputs"),
    "column.completeness": Text("Độ đầy đủ", "Completeness"),
    "column.verdict": Text("Đánh giá", "Verdict"),
    "column.quality": Text("Trạng thái", "State"),
    "column.revision": Text("Lần sửa", "Revision"),
    "column.note": Text("Ghi chú", "Note"),
}
