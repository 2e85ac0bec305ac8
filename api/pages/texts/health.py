"""Texts of the pages on gateways and quarantine."""

from typing import Final

from domain.text import Text

TEXTS: Final = {
    "gateways.title": Text("Tình trạng gateway", "Health of the gateways"),
    "gateways.lead": Text(
        "Ai đang trực tuyến, nghe lần cuối lúc nào, hôm nay gửi bao nhiêu, gì bị giữ lại. Tự cập nhật.",
        "Who is on line, when last heard, how much today, what was set aside. It renews itself.",
    ),
    "gateways.search": Text("Tìm", "Search"),
    "gateways.show": Text("Hiện", "Show"),
    "gateways.show_all": Text("tất cả", "all"),
    "gateways.show_offline": Text("mất liên lạc", "off line"),
    "gateways.show_online": Text("trực tuyến", "on line"),
    "gateways.none": Text("Chưa đăng ký gateway nào.", "No gateway is registered yet."),
    "gateways.count": Text(
        "Hiện {shown} trên {total} gateway; {online} trực tuyến.",
        "{shown} of {total} gateways; {online} on line.",
    ),
    "gateways.more": Text("Thêm", "More"),
    "gateways.online": Text("trực tuyến", "on line"),
    "gateways.since": Text("từ {time}", "since {time}"),
    "gateways.offline": Text("mất liên lạc", "off line"),
    "gateways.never": Text("chưa từng nghe", "never heard"),
    "gateways.archive": Text("số liệu lịch sử", "replayed history"),
    "gateways.floods": Text("gửi quá dồn dập", "floods"),
    "gateways.floods_note": Text(
        "từ chối {n} bản tin, lần cuối {age}", "{n} messages refused, the last {age}"
    ),
    "gateways.skew_none": Text("đúng giờ", "on time"),
    "gateways.skew_behind": Text("chậm {span}", "{span} behind"),
    "gateways.skew_ahead": Text("nhanh {span}", "{span} ahead"),
    "gateway_column.gateway": Text("Gateway", "Gateway"),
    "gateway_column.state": Text("Trạng thái", "State"),
    "gateway_column.last_heard": Text("Nghe lần cuối", "Last heard"),
    "gateway_column.sensors": Text("Cảm biến", "Sensors"),
    "gateway_column.today": Text("Số đo hôm nay", "Readings today"),
    "gateway_column.set_aside": Text("Bị giữ lại", "Set aside"),
    "gateway_column.gaps": Text("Lô còn thiếu", "Batches missing"),
    "gateway_column.skew": Text("Đồng hồ", "Clock"),
    "quarantine.title": Text("Cách ly", "Quarantine"),
    "quarantine.lead": Text(
        "Những bản tin và số đo không dùng được ngay, giữ nguyên cùng lý do. Sửa xong nguyên nhân "
        "thì nhận lại.",
        "Messages and readings that could not be used as they are, kept whole with the reason. Mend "
        "the cause, "
        "then take them in again.",
    ),
    "quarantine.by_reason": Text("Lọc theo lý do", "Filter by reason"),
    "quarantine.all": Text("Tất cả", "All"),
    "quarantine.none": Text("Không có gì bị giữ lại.", "Nothing is set aside."),
    "quarantine.none_of_these": Text(
        "Không có gì với lý do hoặc gateway này.", "Nothing with this reason or gateway."
    ),
    "quarantine.unknown": Text(
        "{sensors} cảm biến đang gửi mà chưa đăng ký; {readings} số đo đang chờ.",
        "{sensors} sensors send without being registered; {readings} readings are waiting.",
    ),
    "quarantine.register": Text("Đăng ký", "Register them"),
    "quarantine.readings": Text("{n} số đo", "{n} readings"),
    "quarantine.payload": Text("Bản tin", "Message"),
    "quarantine.replay": Text("Nhận lại", "Take in again"),
    "quarantine.discard": Text("Bỏ", "Discard"),
    "quarantine.requested": Text("đã yêu cầu nhận lại {age}", "asked to be taken in again {age}"),
    "quarantine.replay_done": Text("Đã yêu cầu nhận lại số {id}.", "Number {id} will be taken in again."),
    "quarantine.discard_done": Text(
        "Đã bỏ số {id}; việc này được ghi sổ.", "Number {id} is discarded; this is on record."
    ),
    "quarantine.confirm": Text(
        "Bỏ hẳn bản tin này khỏi danh sách?", "Take this message off the list for good?"
    ),
    "quarantine.operators": Text("cần khoá người vận hành", "needs an operator's key"),
    "quarantine.more": Text("Thêm", "More"),
    "quarantine_column.received": Text("Nhận lúc", "Received"),
    "quarantine_column.gateway": Text("Từ", "From"),
    "quarantine_column.reason": Text("Lý do", "Reason"),
    "quarantine_column.value": Text("Số đo", "Reading"),
    "quarantine_column.act": Text("Xử lý", "What to do"),
}
