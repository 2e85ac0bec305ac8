"""Why this number, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    _Said = Callable[..., str]

_LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("{title} của {subject} ({code}), {period} {start} – {end}",
              "{title} of {subject} ({code}), {period} {start} – {end}"),
    "value": ("Giá trị: {value} {unit}; n = {n}; độ đầy đủ {completeness}.",
              "Value: {value} {unit}; n = {n}; completeness {completeness}."),
    "absent": ("Không có giá trị: {note}.", "There is no value: {note}."),
    "formula": ("Cách tính: {formula}", "Formula: {formula}"),
    "rule": ("Quy tắc đầy đủ: {rule}", "Completeness rule: {rule}"),
    "source": ("Nguồn: {source}; phiên bản phương pháp {version}.",
               "Source: {source}; method version {version}."),
    "verdict": ("Kết luận: {verdict}, so với mức {limit} {unit}.",
                "Verdict: {verdict} (judged against {limit} {unit})."),
    "change": ("Kết luận sẽ khác nếu giá trị vượt qua mức này, cách {distance} {unit}.",
               "The verdict would change if the value moved past this level, {distance} {unit} away."),
    "no_verdict": ("Không có kết luận: không có mục tiêu hay giới hạn, hoặc kỳ chưa đóng.",
                   "No verdict: there is no target and no limit, or the period is not closed."),
    "facts": ("Đầu vào: {facts} giờ dữ kiện, {readings} số đo, trong đó {good} số đo tốt.",
              "Inputs: {facts} hour facts of {readings} readings, {good} of which are good."),
    "cells": ("Đầu vào: {cells} giá trị của kỳ khác, của chỉ số thành phần, hoặc của trạm và cảm biến.",
              "Inputs: {cells} values of other periods or indicators, or of stations and sensors."),
    "readings": ("Đầu vào: {readings_in_pack} số đo của một giờ.",
                 "Inputs: {readings_in_pack} readings of one hour."),
    "interruptions": (
        "Đầu vào: {interruptions} lần mất cấp bắt đầu trong kỳ, {interruptions_left_out} lần không tính; "  # noqa: ISC004
        "{cells} nguồn cấp có trạng thái đã biết.",
        "Inputs: {interruptions} interruptions that began in the period, {interruptions_left_out} of them "  # noqa: ISC004
        "left out; {cells} feeders whose state is known.",
    ),
    "default": ("Tham số: {title} = {value} {unit} (mặc định).",
                "Parameter: {title} = {value} {unit} (default)."),
    "set": ("Tham số {name} = {value}, đặt cho {level} từ {valid_from}: {source}.",
            "Parameter {name} = {value}, set for the {level} from {valid_from}: {source}."),
    "rule_set": ("Bộ quy tắc {code}, SHA-256 {sha256}.", "Rule set {code}, SHA-256 {sha256}."),
    "software": ("Phần mềm: {name} {version}, commit {commit}.",
                 "Software: {name} {version}, commit {commit}."),
    "excluded": ("Không tính: {count} số đo vì {reason}.", "Left out: {count} readings because of {reason}."),
    "maintenance": ("Bảo trì chạm vào kỳ này: {count}.",
                    "Maintenance windows that touch the period: {count}."),
    "calibrations": ("Hiệu chuẩn có hiệu lực: {count}.", "Calibrations in force: {count}."),
    "quarantine": ("Số đo bị cách ly ({reason}): {count}.", "Readings set aside ({reason}): {count}."),
    "revision": ("Bản công bố {revision}, tính lúc {computed_at}.",
                 "Revision {revision}, computed at {computed_at}."),
    "waiting": ("{count} giờ còn chờ tính lại: giá trị có thể thay đổi.",
                "{count} hours wait to be computed again: the value may change."),
    "provisional": ("Kỳ hoặc đầu vào chưa đóng: giá trị còn thay đổi, có thể không tính lại được đúng.",
                    "The period or an input is still open: the value may not come out again."),
    "interruptions_changed": ("Có lần mất cấp được sửa sau thời điểm này; bản cũ của nó không được giữ.",
                              "An interruption was changed since; what it was before is not kept."),
    "inputs_waiting": ("Có đầu vào mới tính mà giá trị này chưa tính lại theo: hãy lấy gói lại sau.",
                       "Inputs were computed anew and this value not yet: ask for the pack again later."),
    "parameters_changed": ("Có tham số được đặt lại sau thời điểm này; giá trị trước đó không được giữ.",
                           "A parameter was set anew since; what it was before is not kept."),
    "superseded_inputs": ("Có đầu vào đã được thay từ khi tổng thành phần chưa được lưu.",
                          "Some inputs were superseded before the sums behind superseded values were kept."),
    "readings_left_out": ("Có quá nhiều số đo: gói chỉ chứa dữ kiện giờ.",
                          "There are too many readings for the pack: it holds the hour facts alone."),
    "check": ("Kiểm tra: nhip verify TỆP tính lại giá trị từ chính gói này, không cần cơ sở dữ liệu.",
              "To check: nhip verify FILE computes the value again from this pack alone, with no database."),
}  # fmt: skip
_PERIODS: Final[Mapping[str, tuple[str, str]]] = {
    "hour": ("giờ", "hour"), "day": ("ngày", "day"), "month": ("tháng", "month"),
    "quarter": ("quý", "quarter"), "year": ("năm", "year"),
}  # fmt: skip
# Verdicts are kept in the words of the law.
_VERDICTS: Final[Mapping[str, str]] = {
    "đạt": "met", "không đạt": "not met", "không đạt (thiếu minh chứng)": "not met (lack of evidence)",
}  # fmt: skip
_LEVELS: Final[Mapping[str, tuple[str, str]]] = {
    "sensor": ("cảm biến", "sensor"), "site": ("điểm", "site"), "area": ("khu vực", "area"),
    "everywhere": ("toàn thành phố", "whole city"),
}  # fmt: skip
_LANGUAGES: Final = ("vi", "en")


def explanation(manifest: Mapping[str, Any], language: str) -> str:
    """Return what the manifest says, for people.

    Args:
        manifest: of a pack.
        language: vi or en.
    """
    title, *rest = sentences(manifest, language)
    return "\n".join((title, "", *rest)) + "\n"


def sentences(manifest: Mapping[str, Any], language: str) -> list[str]:
    """Return what the manifest says, one sentence or two each; the first is the title.

    Args:
        manifest: of a pack.
        language: vi or en.
    """
    index = _LANGUAGES.index(language)

    def said(label: str, **parts: object) -> str:
        return _LABELS[label][index].format(**parts)

    value, definition = manifest["value"], manifest["method"]["definition"]
    return [
        said(
            "title",
            title=definition["title"][language],
            subject=manifest["subject"]["name"],
            code=manifest["subject"]["code"],
            period=_PERIODS[manifest["period"]][index],
            start=manifest["period_start"],
            end=manifest["period_end"],
        ),
        _value_line(said, value, definition["unit"]),
        said("formula", formula=definition["formula"][language]),
        said("rule", rule=definition["completeness_rule"][language]),
        said("source", source=definition["source"], version=value["method_version"]),
        *_verdict_lines(said, value, definition["unit"], index),
        *_input_lines(said, manifest["inputs"], manifest["computed_from"]),
        *_parameter_lines(said, manifest["setting"].get("parameters"), index),
        *(said("rule_set", **one) for one in manifest["method"]["rule_sets"]),
        said("software", **manifest["method"]["software"]),
        said("revision", revision=value["revision"], computed_at=value["computed_at"]),
        *(said(reason) for reason in manifest["not_reproducible"]),
        said("check"),
    ]


def _value_line(said: _Said, value: Mapping[str, Any], unit: str) -> str:
    if value["value"] is None:
        return said("absent", note=value["note"])
    share = "–" if value["completeness"] is None else f"{100 * value['completeness']:.1f} %"
    return said("value", value=repr(value["value"]), unit=unit, n=value["n"], completeness=share)


def _verdict_lines(said: _Said, value: Mapping[str, Any], unit: str, index: int) -> list[str]:
    if value["verdict"] is None:
        return [said("no_verdict")]
    verdict = value["verdict"] if index == 0 else _VERDICTS[value["verdict"]]
    lines = [said("verdict", verdict=verdict, limit=value["limit"], unit=unit)]
    if value["value"] is not None and value["limit"] is not None:
        lines.append(said("change", distance=f"{abs(value['value'] - value['limit']):.6g}", unit=unit))
    return lines


def _input_lines(said: _Said, inputs: Mapping[str, Any], source: str) -> list[str]:
    counts = {"readings": inputs["readings_in_facts"], "good": inputs["good_in_facts"]}
    lines = [said(source, **inputs, **counts)]
    lines += [
        said("excluded", count=count, reason=reason) for reason, count in sorted(inputs["excluded"].items())
    ]
    for name in ("maintenance", "calibrations"):
        if inputs[name]:
            lines.append(said(name, count=len(inputs[name])))
    lines += [said("quarantine", count=row["readings"], reason=row["reason"]) for row in inputs["quarantine"]]
    if inputs["hours_waiting"]:
        lines.append(said("waiting", count=inputs["hours_waiting"]))
    return lines


def _parameter_lines(said: _Said, parameters: Mapping[str, Any] | None, index: int) -> list[str]:
    """Return every value that is set for the subject, and the defaults of what is set for nobody."""
    if parameters is None:
        return []
    given = {one["name"] for one in parameters["set"]}
    return [
        *(
            said("default", title=one["title"][_LANGUAGES[index]], value=one["value"], unit=one["unit"])
            for one in parameters["defaults"]
            if one["name"] not in given
        ),
        *(said("set", **(one | {"level": _LEVELS[one["level"]][index]})) for one in parameters["set"]),
    ]
