"""Texts of what every page has: navigation, log-in, times, errors."""

from typing import Final

from domain.text import Text

TEXTS: Final = {
    "shell.app_name": Text("Nhịp: đo nhịp sống đô thị", "Nhịp: the pulse of the city"),
    "shell.skip": Text("Bỏ qua, tới nội dung", "Skip to content"),
    "shell.nav": Text("Các trang", "Pages"),
    "shell.start": Text("Trang đầu", "Start"),
    "shell.indicators": Text("Chỉ số", "Indicators"),
    "shell.register": Text("Đăng ký", "Register"),
    "shell.gateways": Text("Gateway", "Gateways"),
    "shell.quarantine": Text("Cách ly", "Quarantine"),
    "shell.other_language": Text("English", "Tiếng Việt"),
    "shell.log_in": Text("Đăng nhập", "Log in"),
    "shell.log_out": Text("Đăng xuất", "Log out"),
    "shell.noscript": Text(
        "Trang này cần JavaScript. Cùng dữ liệu có ở /api/v1, đọc được bằng mọi công cụ.",
        "This page needs JavaScript. The same data is at /api/v1, readable with any tool.",
    ),
    "shell.lost": Text(
        "Mất kết nối tới máy chủ từ {since}. Đang thử lại; số liệu bên dưới là số liệu cũ.",
        "No connection to the server since {since}. Trying again; the figures below are old.",
    ),
    "shell.tagline": Text(
        "Nhịp: nền tảng mở đo lường các chỉ số đô thị.", "Nhịp: the open platform for city indicators."
    ),
    "shell.api_docs": Text("Tài liệu API", "API documentation"),
    "shell.open_data": Text("Dữ liệu JSON", "Data as JSON"),
    "login.title": Text("Đăng nhập", "Log in"),
    "login.lead": Text(
        "Ai cũng xem được số liệu. Muốn đăng ký hay thay đổi thì cần khoá.",
        "Everybody may look. To register or change something you need a key.",
    ),
    "login.key": Text("Khoá", "Key"),
    "login.key_hint": Text(
        "Khoá do quản trị viên cấp. Bản chạy thử in khoá ra màn hình khi khởi động.",
        "Your administrator gives you one. The demo prints its key when it starts.",
    ),
    "login.submit": Text("Đăng nhập", "Log in"),
    "login.missing": Text("Khoá: chưa nhập", "Key: nothing was entered"),
    "login.wrong": Text(
        "Khoá không đúng, đã hết hạn hoặc đã bị thu hồi. Kiểm tra lại từng ký tự.",
        "This key is not known, has expired or was revoked. Check every character.",
    ),
    "login.already": Text(
        "Đang đăng nhập: {name} (vai trò: {role}).", "You are logged in as {name} (role: {role})."
    ),
    "age.never": Text("chưa bao giờ", "never"),
    "age.now": Text("vừa xong", "just now"),
    "age.ago": Text("{span} trước", "{span} ago"),
    "age.seconds": Text("{n} giây", "{n} s"),
    "age.minutes": Text("{n} phút", "{n} min"),
    "age.hours": Text("{n} giờ", "{n} h"),
    "age.days": Text("{n} ngày", "{n} days"),
    "error.http": Text("Máy chủ trả lời lỗi {status}", "The server answered with error {status}"),
    "error.offline": Text(
        "Không liên lạc được với máy chủ. Kiểm tra mạng rồi thử lại.",
        "The server cannot be reached. Check the network and try again.",
    ),
    "error.found": Text("tìm thấy {found}", "found {found}"),
    "error.expected": Text("cần: {expected}", "expected: {expected}"),
    "check.missing": Text("{field}: chưa có; cần {expected}", "{field}: missing; expected {expected}"),
    "check.wrong": Text(
        "{field}: tìm thấy “{found}”; cần {expected}", "{field}: found “{found}”; expected {expected}"
    ),
    "check.summary": Text("Chưa lưu được. Cần sửa:", "Not saved yet. Please correct:"),
    "expect.date": Text("một ngày", "a date"),
    "expect.after": Text("một ngày sau {from}", "a day after {from}"),
}
