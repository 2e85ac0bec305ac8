"""Gateways: clocks, gaps, silence, floods, and whether the ledger adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.text import Text
from nhip.doctor.finding import Part, hint, problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nhip.doctor.finding import Finding
    from nhip.doctor.questions import Asked

_NAMES_MAX: Final = 5
_INTERVALS_SILENT: Final = 3


def _named(rows: Sequence[dict[str, Any]], key: str = "code", note: str | None = None) -> str:
    shown = [row[key] if note is None else f"{row[key]} ({row[note]:g})" for row in rows[:_NAMES_MAX]]
    return ", ".join(shown) + (f" … +{len(rows) - _NAMES_MAX}" if len(rows) > _NAMES_MAX else "")


def check_clocks(questions: Asked) -> Iterator[Finding]:
    """Yield gateways whose clock is wrong; beyond what is accepted their readings go to quarantine."""
    skewed = [
        row
        for row in questions.ask("select_gateways")
        if not row["archive"]
        and row["clock_skew_s"] is not None
        and abs(row["clock_skew_s"]) > questions.limits.gateway_skew_s_max
    ]
    refused = [
        row
        for row in skewed
        if -row["clock_skew_s"] > row["accept_future_s"] or row["clock_skew_s"] > row["accept_past_s"]
    ]
    for rows, severity in ((refused, problem), ([row for row in skewed if row not in refused], hint)):
        if rows:
            yield severity(
                Part.GATEWAYS,
                "gateways.clock_refused" if rows is refused else "gateways.clock",
                Text(
                    f"{len(rows)} gateway có đồng hồ lệch hoặc gửi muộn, số giây (dương là chậm):"
                    f" {_named(rows, note='clock_skew_s')}",
                    f"{len(rows)} gateways have a wrong clock or send late, seconds (positive is behind):"
                    f" {_named(rows, note='clock_skew_s')}",
                ),
                Text(
                    "Bật đồng bộ giờ (NTP) ở gateway, rồi nhận lại từ cách ly",
                    "Switch time synchronisation (NTP) on at the gateway, then replay from quarantine",
                ),
            )


def check_gaps(questions: Asked) -> Iterator[Finding]:
    """Yield gateways of which batches are missing."""
    rows = [row for row in questions.ask("select_gateways") if row["missing"]]
    if rows:
        yield problem(
            Part.GATEWAYS,
            "gateways.gaps",
            Text(
                f"{len(rows)} gateway còn thiếu lô: {_named(rows, note='missing')}",
                f"Batches of {len(rows)} gateways are missing: {_named(rows, note='missing')}",
            ),
            Text(
                "Xem hộp gửi của gateway và số bản tin broker đã bỏ; lô đến muộn tự khép khoảng trống",
                "Look at the gateway's outbox and at what the broker dropped; a batch that comes late"
                " closes its gap",
            ),
        )


def check_silence(questions: Asked) -> Iterator[Finding]:
    """Yield gateways that are not heard; archives are silent by nature."""
    live = [
        row
        for row in questions.ask("select_gateways")
        if not row["archive"] and row["interval_s"] is not None
    ]
    silent = [
        row
        for row in live
        if row["silent_s"] is not None
        and row["silent_s"]
        > max(questions.limits.gateway_silent_s_min, _INTERVALS_SILENT * row["interval_s"])
    ]
    never = [row for row in live if row["silent_s"] is None]
    if silent:
        yield hint(
            Part.GATEWAYS,
            "gateways.silent",
            Text(
                f"{len(silent)} gateway im lặng, số giây: {_named(silent, note='silent_s')}",
                f"{len(silent)} gateways are silent, for seconds: {_named(silent, note='silent_s')}",
            ),
            Text("Xem nguồn điện và mạng của gateway", "Look at the gateway's power and network"),
        )
    if never:
        yield hint(
            Part.GATEWAYS,
            "gateways.never_heard",
            Text(
                f"{len(never)} gateway chưa từng nghe: {_named(never)}",
                f"{len(never)} gateways were never heard: {_named(never)}",
            ),
            Text(
                "Xem tên và mật khẩu ở gateway: nhip gateway rotate",
                "Check its name and password: nhip gateway rotate",
            ),
        )


def check_floods(questions: Asked) -> Iterator[Finding]:
    """Yield gateways that were held back, and readings that were neither stored nor kept."""
    floods = [row for row in questions.ask("select_gateways") if row["floods"]]
    if floods:
        yield problem(
            Part.GATEWAYS,
            "gateways.floods",
            Text(
                f"{len(floods)} gateway gửi quá dồn dập trong 24 giờ qua, bản tin bị từ chối:"
                f" {_named(floods, note='throttled')}",
                f"{len(floods)} gateways flooded in the last day, messages refused:"
                f" {_named(floods, note='throttled')}",
            ),
            Text(
                "Sửa nhịp gửi ở gateway; những gì bị từ chối không được xác nhận nên được gửi lại",
                "Mend how often it sends; what was refused was not acknowledged, so it comes again",
            ),
        )
    held = {row["code"] for row in floods}
    rejected = [row for row in questions.ask("select_rejected") if row["gateway"] not in held]
    if rejected:
        yield problem(
            Part.GATEWAYS,
            "gateways.rejected",
            Text(
                "Cách ly đã đầy: trong 24 giờ qua số đo không được giữ của"
                f" {_named(rejected, 'gateway', 'rejected')}",
                f"Quarantine was full: in the last day readings were not kept of"
                f" {_named(rejected, 'gateway', 'rejected')}",
            ),
            Text(
                "nhip quarantine summary; sửa nguyên nhân, hoặc nâng NHIP_INGEST_QUARANTINE_…_DAY_MAX",
                "nhip quarantine summary; mend the cause, or raise NHIP_INGEST_QUARANTINE_…_DAY_MAX",
            ),
        )


def check_ledger(questions: Asked) -> Iterator[Finding]:
    """Yield a ledger that does not add up, or that nothing keeps from not adding up."""
    wrong = questions.ask("select_imbalances")
    if wrong:
        yield problem(
            Part.GATEWAYS,
            "gateways.ledger",
            Text(
                f"Sổ đối soát không khớp, số giờ: {_named(wrong, 'gateway', 'hours')}",
                f"The ledger does not add up, hours: {_named(wrong, 'gateway', 'hours')}",
            ),
            Text(
                "Ai đã sửa bảng accounting? Khôi phục từ bản sao lưu",
                "Who changed the table accounting? Restore it from a backup",
            ),
        )
    if not questions.ask("find_ledger_rule")[0]["present"]:
        yield problem(
            Part.GATEWAYS,
            "gateways.ledger_rule",
            Text(
                "Ràng buộc CHECK của bảng accounting đã mất",
                "The CHECK constraint of the table accounting is gone",
            ),
            Text(
                "ALTER TABLE accounting ADD CHECK (received = stored + duplicate + conflict + quarantined"
                " + rejected)",
                "ALTER TABLE accounting ADD CHECK (received = stored + duplicate + conflict + quarantined"
                " + rejected)",
            ),
        )
