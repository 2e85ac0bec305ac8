"""Texts of the start page."""

from typing import Final

from domain.text import Text

TEXTS: Final = {
    "start.title": Text("Nhịp sống đô thị", "The pulse of the city"),
    "start.heading": Text("Nhịp sống đô thị, ngay lúc này", "The pulse of the city, right now"),
    "start.lead": Text(
        "Nhịp nhận số đo từ cảm biến khắp thành phố và tính các chỉ số theo quy định, kèm căn cứ để "
        "kiểm tra lại.",
        "Nhịp takes readings from sensors all over the city and turns them into indicators by the book, "
        "with the evidence to check them.",
    ),
    "start.alerts": Text("Việc cần chú ý", "What needs attention"),
    "start.now": Text("Ngay lúc này", "Right now"),
    "start.connecting": Text("đang kết nối …", "connecting …"),
    "start.live": Text("trực tiếp, {time}", "live, {time}"),
    "start.not_live": Text("mất kết nối", "connection lost"),
    "start.today": Text("hôm nay: {n}", "today: {n}"),
    "start.first_gateway": Text("Đăng ký gateway đầu tiên", "Register the first gateway"),
    "start.see": Text("Xem", "See"),
    "start.at_sites": Text("tại {sites} địa điểm, {areas} khu vực", "at {sites} sites in {areas} areas"),
    "start.nothing_set_aside": Text("Không có gì bị giữ lại", "Nothing is set aside"),
    "start.services_good": Text("Tốt", "Fine"),
    "start.services_bad": Text("Có lỗi", "Trouble"),
    "start.backlog": Text("chờ tính: {n} giờ số liệu", "waiting to be computed: {n} sensor hours"),
    "figure.rate": Text("số đo mỗi giây", "readings per second"),
    "figure.gateways": Text("gateway trực tuyến", "gateways on line"),
    "figure.sensors": Text("cảm biến", "sensors"),
    "figure.quarantine": Text("bản tin bị giữ lại", "messages set aside"),
    "figure.services": Text("dịch vụ", "services"),
    "start.air": Text("Chất lượng không khí theo trạm", "Air quality by station"),
    "start.air_hint": Text(
        "VN_AQI giờ theo QĐ 1459/QĐ-TCMT; trạm xấu nhất đứng đầu. Càng cao càng ô nhiễm.",
        "Hourly VN_AQI by Decision 1459/QĐ-TCMT; the worst station first. Higher is dirtier.",
    ),
    "start.waiting_air": Text(
        "Đang chờ những số đo không khí đầu tiên. Chỉ số giờ đầu tiên hiện ra sau ít phút.",
        "Waiting for the first air readings. The first hourly values appear within minutes.",
    ),
    "start.waiting_indicators": Text(
        "Đang chờ số liệu đầu tiên để tính chỉ số.",
        "Waiting for the first data to compute indicators from.",
    ),
    "start.waiting_readings": Text(
        "Đang chờ số đo đầu tiên. Đăng ký cảm biến, hoặc bật gateway: số đo sẽ tự hiện ở đây.",
        "Waiting for the first reading. Register a sensor or switch a gateway on: readings show up "
        "by themselves.",
    ),
    "start.responsible": Text("do {quantity}", "because of {quantity}"),
    "start.so_far": Text("tạm tính", "so far"),
    "start.chart": Text("VN_AQI 24 giờ qua", "VN_AQI, last 24 hours"),
    "start.chart_of": Text(
        "VN_AQI từng giờ, {station}, 24 giờ qua", "VN_AQI hour by hour, {station}, last 24 hours"
    ),
    "start.chart_empty": Text("Chưa có giá trị nào trong 24 giờ qua.", "No value in the last 24 hours yet."),
    "start.chart_summary": Text(
        "{station}: có giá trị trong {hours} giờ. Cao nhất {high} ({high_band}) lúc {high_at}, "
        "thấp nhất {low} ({low_band}) lúc {low_at}. Cột nhạt: giờ chưa kết thúc.",
        "{station}: values for {hours} hours. Highest {high} ({high_band}) at {high_at}, "
        "lowest {low} ({low_band}) at {low_at}. Pale column: the hour is not over.",
    ),
    "start.station": Text("Trạm", "Station"),
    "start.others": Text("Các chỉ số khác", "Other indicators"),
    "start.latest": Text("Số đo mới nhất", "Latest readings"),
    "start.more": Text("Làm tiếp", "Go on"),
    "start.link_register": Text("Đăng ký cảm biến", "Register a sensor"),
    "start.link_register_text": Text(
        "Trên điện thoại, tại chỗ; thấy ngay số đo đầu tiên.",
        "On a phone, on site; see the first reading at once.",
    ),
    "start.link_indicators": Text("Xem và tải chỉ số", "See and download indicators"),
    "start.link_indicators_text": Text(
        "Theo khu vực và thời kỳ; JSON, CSV, XLSX.", "By area and period; JSON, CSV, XLSX."
    ),
    "start.link_gateways": Text("Tình trạng gateway", "Health of the gateways"),
    "start.link_gateways_text": Text(
        "Ai đang trực tuyến, ai im lặng, vì sao.", "Who is on line, who is silent, and why."
    ),
    "start.link_api": Text("Tài liệu API", "API documentation"),
    "start.link_api_text": Text(
        "Mọi số liệu trên các trang này đều lấy được bằng máy.",
        "A program can read all that these pages show.",
    ),
    "alert.offline": Text("{n} gateway đang mất liên lạc.", "Gateways off line: {n}."),
    "alert.offline_one": Text("{gateway}: nghe lần cuối {since}", "{gateway}: last heard {since}"),
    "alert.and_more": Text("và {n} gateway nữa", "and {n} more"),
    "alert.quarantine": Text(
        "Thêm {n} bản tin bị giữ lại kể từ {since}.", "{n} more messages set aside since {since}."
    ),
    "alert.silent": Text(
        "Không nhận được số đo nào; số đo mới nhất đến lúc {since}.",
        "No readings are coming in; the newest one arrived at {since}.",
    ),
    "alert.nothing_yet": Text("Chưa nhận được số đo nào.", "No reading has come in yet."),
    "alert.not_ready": Text("Máy chủ chưa sẵn sàng: {why}", "The server is not ready: {why}"),
    "alert.stalled": Text(
        "Chỉ số không được tính lại từ {since}; {n} giờ số liệu đang chờ.",
        "Indicators have not been computed since {since}; {n} sensor hours are waiting.",
    ),
    "alert.empty": Text(
        "Chưa đăng ký gateway và cảm biến nào.", "No gateway and no sensor is registered yet."
    ),
    "band.1": Text("Tốt", "Good"),
    "band.2": Text("Trung bình", "Moderate"),
    "band.3": Text("Kém", "Poor"),
    "band.4": Text("Xấu", "Bad"),
    "band.5": Text("Rất xấu", "Very bad"),
    "band.6": Text("Nguy hại", "Hazardous"),
    "advice.1": Text("Tự do hoạt động ngoài trời.", "Enjoy being outdoors."),
    "advice.2": Text(
        "Người nhạy cảm nên giảm vận động mạnh ngoài trời.", "Sensitive people: less hard exercise outdoors."
    ),
    "advice.3": Text(
        "Nên giảm vận động mạnh ngoài trời; người nhạy cảm hạn chế ra ngoài.",
        "Less hard exercise outdoors; sensitive people stay out less.",
    ),
    "advice.4": Text(
        "Hạn chế vận động ngoài trời; người nhạy cảm nên ở trong nhà.",
        "Avoid exercise outdoors; sensitive people stay indoors.",
    ),
    "advice.5": Text(
        "Tránh hoạt động ngoài trời; đeo khẩu trang khi phải ra ngoài.",
        "Avoid being outdoors; wear a mask if you must go out.",
    ),
    "advice.6": Text("Ở trong nhà, đóng kín cửa.", "Stay indoors and keep windows closed."),
}
