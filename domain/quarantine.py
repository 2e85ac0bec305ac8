"""Why a message or reading was set aside instead of stored."""

from enum import StrEnum
from typing import Final

from domain.text import Text


class Reason(StrEnum):
    """Stable reason codes of quarantine rows."""

    MALFORMED = "malformed"
    UNSUPPORTED_FORMAT = "unsupported_format"
    TOO_LARGE = "too_large"
    UNKNOWN_GATEWAY = "unknown_gateway"
    UNKNOWN_SENSOR = "unknown_sensor"
    FOREIGN_SENSOR = "foreign_sensor"
    RETIRED = "retired"
    UNIT = "unit"
    NOT_FINITE = "not_finite"
    FUTURE = "future"
    ANCIENT = "ancient"
    CONFLICT = "conflict"
    REFUSED = "refused"
    AWAITING_BIRTH = "awaiting_birth"


REASON_TEXTS: Final = {
    Reason.MALFORMED: Text("Không đọc được bản tin", "The message cannot be read"),
    Reason.UNSUPPORTED_FORMAT: Text("Định dạng không hỗ trợ", "Payload format not supported"),
    Reason.TOO_LARGE: Text("Bản tin quá lớn", "The message is too large"),
    Reason.UNKNOWN_GATEWAY: Text("Gateway chưa đăng ký", "Gateway not registered"),
    Reason.UNKNOWN_SENSOR: Text("Cảm biến chưa đăng ký", "Sensor not registered"),
    Reason.FOREIGN_SENSOR: Text("Cảm biến thuộc gateway khác", "Sensor belongs to another gateway"),
    Reason.RETIRED: Text("Gateway hoặc cảm biến đã ngừng dùng", "Gateway or sensor retired"),
    Reason.UNIT: Text("Đơn vị không chuyển đổi được", "Unit cannot be converted"),
    Reason.NOT_FINITE: Text("Giá trị không hữu hạn", "Value is not finite"),
    Reason.FUTURE: Text("Thời điểm ở tương lai", "Time in the future"),
    Reason.ANCIENT: Text("Thời điểm quá cũ", "Time too far in the past"),
    Reason.CONFLICT: Text("Trùng thời điểm nhưng khác giá trị", "Another value is stored for the same time"),
    Reason.REFUSED: Text("Cơ sở dữ liệu từ chối", "Refused by the database"),
    Reason.AWAITING_BIRTH: Text("Chờ bản tin khai sinh Sparkplug", "Waiting for a Sparkplug birth message"),
}

# Waiting for somebody to register something; replayed by the ingester as soon as that happens.
AWAITING_REGISTRATION: Final = frozenset({Reason.UNKNOWN_GATEWAY, Reason.UNKNOWN_SENSOR})
