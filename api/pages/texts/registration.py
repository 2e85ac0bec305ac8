"""Texts of the technician's registration page."""

from typing import Final

from domain.text import Text

TEXTS: Final = {
    "register.title": Text("Đăng ký cảm biến", "Register a sensor"),
    "register.step_pick": Text("Chọn", "Pick"),
    "register.step_form": Text("Điền", "Fill in"),
    "register.step_wait": Text("Thấy số đo", "See a reading"),
    "register.login_first": Text("Trước tiên: đăng nhập", "First: log in"),
    "register.login_why": Text(
        "Đăng ký làm thay đổi sổ thiết bị, nên cần khoá của kỹ thuật viên.",
        "Registering changes the register, so it needs a technician's key.",
    ),
    "register.heard": Text("Đang nghe thấy, chưa đăng ký", "Heard, not registered"),
    "register.heard_hint": Text(
        "Chạm vào cảm biến vừa lắp. Số đo gửi từ trước vẫn được giữ và sẽ được nhận sau khi đăng ký.",
        "Tap the sensor you have just installed. What it sent before is kept and counts once it is "
        "registered.",
    ),
    "register.nothing_heard": Text(
        "Chưa nghe thấy cảm biến lạ nào. Danh sách tự cập nhật; bật thiết bị lên và chờ vài giây.",
        "No unknown sensor is heard. The list renews itself; switch the device on and wait a few seconds.",
    ),
    "register.unnamed": Text("(không có tên)", "(no name)"),
    "register.heard_from": Text(
        "gateway {gateway} · {count} số đo đang chờ", "gateway {gateway} · {count} readings waiting"
    ),
    "register.or_gateway": Text("Hoặc chọn gateway", "Or pick a gateway"),
    "register.gateway_search": Text("Tìm theo tên hoặc mã", "Search by name or code"),
    "register.sensor_count": Text("cảm biến đã đăng ký: {n}", "sensors registered: {n}"),
    "register.more_gateways": Text("và {n} gateway nữa; gõ để tìm", "and {n} more; type to search"),
    "register.no_gateway": Text("Không có gateway nào như vậy.", "No such gateway."),
    "register.new_gateway": Text("Gateway mới", "New gateway"),
    "register.form": Text("Cảm biến này là gì, ở đâu?", "What is this sensor, and where?"),
    "register.heard_value": Text(
        "Đang gửi: {value}. So với màn hình thiết bị.", "It sends: {value}. Compare with its display."
    ),
    "register.part_sensor": Text("Cảm biến", "Sensor"),
    "register.gateway": Text("Mã gateway", "Gateway code"),
    "register.gateway_hint": Text("Chữ thường, số và gạch nối.", "Lower-case letters, digits and hyphens."),
    "register.gateway_new": Text(
        "Gateway mới: sẽ được tạo cùng cảm biến, mật khẩu hiện một lần.",
        "A new gateway: made together with the sensor, its password is shown once.",
    ),
    "register.gateway_name": Text("Tên gateway", "Name of the gateway"),
    "register.gateway_name_hint": Text("Ví dụ: Tủ điện Nguyễn Huệ 12", "For example: Cabinet, 12 Nguyễn Huệ"),
    "register.name": Text("Tên cảm biến", "Sensor name"),
    "register.name_hint": Text(
        "Đúng như thiết bị gửi trong bản tin (“s”), ví dụ pm25-01.",
        "Exactly as the device sends it in its messages (“s”), for example pm25-01.",
    ),
    "register.quantity": Text("Đại lượng đo", "What it measures"),
    "register.unit": Text("Đơn vị thiết bị gửi", "Unit it sends"),
    "register.unit_hint": Text("Được đổi sang {unit} khi lưu.", "Converted to {unit} when stored."),
    "register.no_unit": Text("không đơn vị ({code})", "no unit ({code})"),
    "register.interval": Text("Bao lâu gửi một số đo", "One reading every"),
    "register.interval_hint": Text(
        "Dùng để tính độ đầy đủ và phát hiện mất tín hiệu.", "Completeness and outages are judged by it."
    ),
    "register.interval_other": Text("Khác …", "Other …"),
    "register.interval_seconds": Text("Số giây", "Seconds"),
    "register.averaged": Text("Số đo là trung bình của cả khoảng", "A reading is the mean of its interval"),
    "register.averaged_hint": Text(
        "Bỏ trống nếu là giá trị tức thời.", "Leave empty for values of the moment."
    ),
    "register.part_place": Text("Vị trí", "Place"),
    "register.locate": Text("Lấy vị trí của điện thoại", "Use this phone's position"),
    "register.locating": Text("Đang tìm vị trí …", "Finding the position …"),
    "register.located": Text("Sai số khoảng {metres} m.", "Accurate to about {metres} m."),
    "register.locate_insecure": Text(
        "Trình duyệt chỉ cho vị trí khi trang dùng https (hoặc trên chính máy này). Hãy nhập tay bên dưới.",
        "Browsers give the position on https pages (or on the machine itself) only. Enter it below.",
    ),
    "register.locate_denied": Text(
        "Trình duyệt không được phép cho vị trí. Cho phép trong cài đặt, hoặc nhập tay bên dưới.",
        "The browser may not give the position. Allow it in the settings, or enter it below.",
    ),
    "register.locate_unavailable": Text(
        "Không tìm được vị trí lúc này. Thử lại ngoài trời, hoặc nhập tay bên dưới.",
        "No position for the moment. Try again under the open sky, or enter it below.",
    ),
    "register.latitude": Text("Vĩ độ", "Latitude"),
    "register.longitude": Text("Kinh độ", "Longitude"),
    "register.site": Text("Địa điểm", "Site"),
    "register.site_hint": Text(
        "Nơi đặt nhiều cảm biến: trạm, cột, bơm, lộ điện. Có vị trí thì nơi gần nhất đứng đầu.",
        "Where several sensors stand: a station, pole, pump, feeder. With a position the nearest come first.",
    ),
    "register.nearest": Text("Gần nhất", "Nearest"),
    "register.gateway_sites": Text("Nơi có cảm biến của gateway này", "Where this gateway's sensors stand"),
    "register.all_sites": Text("Tất cả", "All"),
    "register.new_site": Text("+ Địa điểm mới", "+ New site"),
    "register.site_name": Text("Tên địa điểm", "Name of the site"),
    "register.site_kind": Text("Loại", "Kind"),
    "register.site_area": Text("Phường, xã", "Ward or commune"),
    "register.choose": Text("Chọn …", "Choose …"),
    "register.save": Text("Lưu", "Save"),
    "register.saving": Text("Đang lưu …", "Saving …"),
    "register.back": Text("Quay lại", "Back"),
    "register.draft_kept": Text("Bản nháp được giữ trên máy này.", "The draft is kept on this device."),
    "register.saved": Text("Đã lưu", "Saved"),
    "register.waiting_first": Text(
        "Đang chờ số đo hợp lệ đầu tiên …", "Waiting for the first valid reading …"
    ),
    "register.first_arrived": Text("Đã nhận số đo hợp lệ", "A valid reading has arrived"),
    "register.first_doubtful": Text(
        "Đã nhận số đo, nhưng đáng ngờ", "A reading has arrived, but it is doubtful"
    ),
    "register.doubt": Text(
        "Thường nằm từ {low} đến {high}. Kiểm tra đơn vị đã chọn và đầu đo.",
        "It usually lies between {low} and {high}. Check the unit you chose and the probe.",
    ),
    "register.measured_at": Text("đo lúc {time}", "measured at {time}"),
    "register.received_at": Text("nhận lúc {time}", "received at {time}"),
    "register.quality": Text("Chất lượng: {quality}", "Quality: {quality}"),
    "register.credential": Text("Mật khẩu của gateway", "Password of the gateway"),
    "register.credential_once": Text(
        "Chỉ hiện lần này. Nhập vào gateway ngay, hoặc ghi lại ở nơi an toàn.",
        "Shown this once. Enter it in the gateway now, or keep it somewhere safe.",
    ),
    "register.credential_server": Text("Máy chủ", "Server"),
    "register.credential_user": Text("Tên (MQTT)", "User (MQTT)"),
    "register.credential_password": Text("Mật khẩu", "Password"),
    "register.credential_waits": Text(
        "Máy chủ MQTT đang nhận mật khẩu này; thử lại sau vài giây.",
        "The broker is taking this password in; try again in a few seconds.",
    ),
    "register.credential_lost": Text(
        "Mật khẩu của gateway {gateway} đã gửi trong một trả lời bị mất. Nhờ người vận hành đổi mật khẩu.",
        "The password of gateway {gateway} was in an answer that got lost. Ask an operator to rotate it.",
    ),
    "register.again": Text("Đăng ký cảm biến nữa", "Register another sensor"),
    "register.to_start": Text("Về trang đầu", "To the start page"),
    "register.outbox": Text("Chưa gửi", "Not sent yet"),
    "register.outbox_hint": Text(
        "Được giữ trên máy này và tự gửi khi có mạng và trang này đang mở.",
        "Kept on this device, and sent by itself when there is a network and this page is open.",
    ),
    "outbox.waiting": Text("chờ mạng", "waiting for the network"),
    "outbox.sending": Text("đang gửi", "being sent"),
    "outbox.login": Text("cần đăng nhập lại", "needs a log-in"),
    "outbox.refused": Text("máy chủ không nhận", "refused by the server"),
    "outbox.since": Text("từ {time}", "since {time}"),
    "outbox.send": Text("Gửi ngay", "Send now"),
    "outbox.edit": Text("Sửa", "Correct"),
    "outbox.drop": Text("Bỏ", "Drop"),
    "outbox.confirm": Text("Bỏ đăng ký {sensor}?", "Drop the registration of {sensor}?"),
    "expect.gateway": Text(
        "1 đến 64 chữ thường a–z, số, gạch nối", "1 to 64 lower-case letters a–z, digits, hyphens"
    ),
    "expect.gateway_name": Text("một cái tên người khác nhận ra", "a name that others recognise"),
    "expect.name": Text(
        "1 đến 64 ký tự, đúng như thiết bị gửi", "1 to 64 characters, as the device sends it"
    ),
    "expect.quantity": Text("một đại lượng trong danh sách", "a quantity from the list"),
    "expect.unit": Text("một đơn vị trong danh sách", "a unit from the list"),
    "expect.interval": Text("số giây lớn hơn 0", "a number of seconds above 0"),
    "expect.latitude": Text("số từ −90 đến 90, ví dụ 10,7769", "a number from −90 to 90, such as 10.7769"),
    "expect.longitude": Text(
        "số từ −180 đến 180, ví dụ 106,7009", "a number from −180 to 180, such as 106.7009"
    ),
    "expect.site": Text(
        "một địa điểm trong danh sách, hoặc “Địa điểm mới”", "a site from the list, or “New site”"
    ),
    "expect.site_name": Text("một cái tên người khác nhận ra", "a name that others recognise"),
    "expect.site_area": Text("phường hoặc xã nơi đặt", "the ward or commune it stands in"),
    "hint.waited": Text(
        "Đã chờ {span}. Cảm biến này gửi một số đo mỗi {interval}.",
        "Waited for {span}. This sensor sends one reading every {interval}.",
    ),
    "hint.flagged": Text(
        "Có số đo {value} lúc {time} nhưng không hợp lệ: {quality}.",
        "A reading {value} at {time} came, but it is not valid: {quality}.",
    ),
    "hint.quarantined": Text(
        "Số đo bị giữ lại ({age}): {reason}. {detail}", "A reading was set aside ({age}): {reason}. {detail}"
    ),
    "hint.never_heard": Text(
        "Gateway {gateway} chưa từng được nghe thấy. Kiểm tra nguồn, mạng, địa chỉ MQTT và mật khẩu.",
        "Gateway {gateway} has never been heard. Check power, network, MQTT address and password.",
    ),
    "hint.offline": Text(
        "Gateway {gateway} mất liên lạc; nghe lần cuối {age}.",
        "Gateway {gateway} is off line; last heard {age}.",
    ),
    "hint.heard_other": Text(
        "Gateway {gateway} vẫn nói ({age}), nhưng chưa có cảm biến tên này. So lại tên với thiết bị.",
        "Gateway {gateway} is heard ({age}), but no sensor of this name. Compare the name with the device.",
    ),
    "hint_for.unit": Text(
        "Sửa đơn vị ở thiết bị hoặc ở đăng ký cho khớp nhau.",
        "Make the unit of the device and of the registration agree.",
    ),
    "hint_for.future": Text(
        "Đồng hồ của gateway chạy nhanh: đặt lại giờ, bật NTP.",
        "The gateway's clock is fast: set it, use NTP.",
    ),
    "hint_for.ancient": Text(
        "Đồng hồ của gateway chậm nhiều, hoặc gửi số liệu rất cũ: kiểm tra giờ và đơn vị thời gian (giây).",
        "The gateway's clock is far behind or the data is very old: check the time and that it is in "
        "seconds.",
    ),
    "hint_for.malformed": Text(
        "Bản tin sai khuôn dạng: kiểm tra định dạng đã chọn cho gateway.",
        "The message has another shape: check the format chosen for the gateway.",
    ),
    "hint_for.unknown_sensor": Text(
        "Đang chờ được nhận lại; thường chỉ vài giây.", "Waiting to be taken in again; usually seconds."
    ),
    "hint_for.unknown_gateway": Text(
        "Đang chờ được nhận lại; thường chỉ vài giây.", "Waiting to be taken in again; usually seconds."
    ),
    "hint_for.not_finite": Text(
        "Thiết bị gửi NaN hoặc vô cùng: kiểm tra đầu đo.",
        "The device sends NaN or infinity: check the probe.",
    ),
}
