"""Words for codes that the platform stores: services, quantities, kinds, flags, reasons, verdicts, roles."""

from typing import Final

from domain.indicators import Verdict
from domain.quantities import QUANTITIES, SERVICE_TITLES
from domain.quarantine import REASON_TEXTS
from domain.text import Text

_VERDICTS: Final = {
    Verdict.MET: Text("đạt", "met"),
    Verdict.NOT_MET: Text("không đạt", "not met"),
    Verdict.NO_EVIDENCE: Text("không đạt (thiếu minh chứng)", "not met (no evidence)"),
}

TEXTS: Final = {
    **{f"service.{service.value}": title for service, title in SERVICE_TITLES.items()},
    **{f"quantity.{code}": quantity.title for code, quantity in QUANTITIES.items()},
    **{f"reason.{reason.value}": text for reason, text in REASON_TEXTS.items()},
    **{f"verdict.{verdict.value}": text for verdict, text in _VERDICTS.items()},
    "service.all": Text("Chung cho mọi dịch vụ", "All services"),
    "service.other": Text("Khác", "Other"),
    "kind.sensor": Text("cảm biến", "a sensor"),
    "kind.site": Text("địa điểm", "a site"),
    "kind.area": Text("khu vực", "an area"),
    "period.hour": Text("giờ", "hour"),
    "period.day": Text("ngày", "day"),
    "period.month": Text("tháng", "month"),
    "period.quarter": Text("quý", "quarter"),
    "period.year": Text("năm", "year"),
    "quality.good": Text("chính thức", "final"),
    "quality.provisional": Text("tạm tính", "provisional"),
    "quality.insufficient": Text("thiếu số liệu", "not enough data"),
    "note.no_data": Text("không có số đo", "no readings"),
    "note.incomplete": Text("thiếu số liệu", "not enough data"),
    "note.no_particulates": Text("thiếu cả PM10 và PM2.5", "neither PM10 nor PM2.5"),
    "note.nothing_expected": Text("không có gì phải đo", "nothing was expected"),
    "note.no_customers": Text("chưa khai số khách hàng", "number of customers not known"),
    "flag.1": Text("tốt", "good"),
    "flag.2": Text("chưa đánh giá", "not evaluated"),
    "flag.3": Text("nghi ngờ", "suspect"),
    "flag.4": Text("hỏng", "failed"),
    "flag.9": Text("thiếu", "missing"),
    "device_state.0": Text("đang đo", "measuring"),
    "device_state.1": Text("đang hiệu chuẩn", "calibrating"),
    "device_state.2": Text("thiết bị báo lỗi", "device reports a fault"),
    "state.supply_state.0": Text("mất điện", "no supply"),
    "state.supply_state.1": Text("có điện", "energised"),
    "state.lamp_state.0": Text("tắt", "off"),
    "state.lamp_state.1": Text("sáng", "lit"),
    "role.viewer": Text("người xem", "viewer"),
    "role.technician": Text("kỹ thuật viên", "technician"),
    "role.operator": Text("người vận hành", "operator"),
    "role.evaluator": Text("người đánh giá", "evaluator"),
    "role.admin": Text("quản trị", "administrator"),
    "area_kind.province": Text("tỉnh", "province"),
    "area_kind.city": Text("thành phố", "city"),
    "area_kind.ward": Text("phường", "ward"),
    "area_kind.commune": Text("xã", "commune"),
    "area_kind.special_zone": Text("đặc khu", "special zone"),
    "area_kind.zone": Text("vùng", "zone"),
    "site_kind.air_station": Text("trạm không khí", "air station"),
    "site_kind.water_station": Text("trạm nước", "water station"),
    "site_kind.pump": Text("trạm bơm", "pump"),
    "site_kind.feeder": Text("lộ điện", "feeder"),
    "site_kind.light": Text("đèn đường", "street light"),
    "site_kind.road": Text("đoạn đường", "road"),
    "site_kind.bin": Text("thùng rác", "bin"),
    "site_kind.gauge": Text("trạm đo mực nước, mưa", "level or rain gauge"),
    "site_kind.noise_station": Text("trạm tiếng ồn", "noise station"),
    "site_kind.pole": Text("cột", "pole"),
    "site_kind.other": Text("khác", "other"),
}
