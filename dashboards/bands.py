"""Colour bands: where a number turns from good to bad, with the text that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.json_values import Object

GREEN: Final = "green"
YELLOW: Final = "#e0b400"
ORANGE: Final = "orange"
RED: Final = "red"
GREY: Final = "#8e8e8e"


def steps(base: str, *above: tuple[float, str]) -> Object:
    """Return absolute thresholds: `base` up to the first value, then each colour from its value on."""
    return {
        "mode": "absolute",
        "steps": [
            {"color": base, "value": None},
            *({"color": colour, "value": value} for value, colour in above),
        ],
    }


# Quyết định 1459/QĐ-TCMT, table of colours. Values are whole numbers, so a band begins at its lowest one.
VN_AQI: Final = steps(
    "rgb(0, 228, 0)",
    (51, "rgb(255, 255, 0)"),
    (101, "rgb(255, 126, 0)"),
    (151, "rgb(255, 0, 0)"),
    (201, "rgb(143, 63, 151)"),
    (301, "rgb(126, 0, 35)"),
)
# QCVN 05:2023/BTNMT, 24-hour mean of PM2.5: 45 µg/m³ since 1 January 2026.
PM25_DAY: Final = steps(GREEN, (45, RED))
# Shares of expected data (0..1): the 75 % rule decides whether a value is published at all.
SHARE: Final = steps(RED, (0.75, YELLOW), (0.95, GREEN))
NONE_IS_GOOD: Final = steps(GREEN, (1, RED))
PLAIN: Final = steps("text")


def named(words: Sequence[tuple[float | str, Text, str]]) -> Sequence[Object]:
    """Return value mappings: each value with the text and the colour that stand for it."""
    return [
        {
            "type": "value",
            "options": {
                f"{value}": {"text": text, "color": colour, "index": index}
                for index, (value, text, colour) in enumerate(words)
            },
        }
    ]


def ranges(words: Sequence[tuple[float, float, Text, str]]) -> Sequence[Object]:
    """Return value mappings of ranges (both ends belong to them)."""
    return [
        {
            "type": "range",
            "options": {"from": low, "to": high, "result": {"text": text, "color": colour, "index": index}},
        }
        for index, (low, high, text, colour) in enumerate(words)
    ]


VN_AQI_NAMES: Final = ranges(
    [
        (0, 50, Text("Tốt", "Good"), "rgb(0, 228, 0)"),
        (51, 100, Text("Trung bình", "Moderate"), "rgb(255, 255, 0)"),
        (101, 150, Text("Kém", "Poor"), "rgb(255, 126, 0)"),
        (151, 200, Text("Xấu", "Bad"), "rgb(255, 0, 0)"),
        (201, 300, Text("Rất xấu", "Very bad"), "rgb(143, 63, 151)"),
        (301, 500, Text("Nguy hại", "Hazardous"), "rgb(126, 0, 35)"),
    ]
)
SITE_STATES: Final = named(
    [
        (0, Text("Bình thường", "Normal"), GREEN),
        (1, Text("Thiếu dữ liệu một phần", "Some sensors silent"), ORANGE),
        (2, Text("Mất dữ liệu hoặc đang gián đoạn", "Silent or interrupted"), RED),
    ]
)
VERDICTS: Final = named(
    [
        ("đạt", Text("đạt", "met"), GREEN),
        ("không đạt", Text("không đạt", "not met"), RED),
        (
            "không đạt (thiếu minh chứng)",
            Text("không đạt (thiếu minh chứng)", "not met (no evidence)"),
            ORANGE,
        ),
    ]
)
SEVERITIES: Final = named(
    [
        (3, Text("Khẩn", "Urgent"), RED),
        (2, Text("Cảnh báo", "Warning"), ORANGE),
        (1, Text("Lưu ý", "Notice"), YELLOW),
    ]
)
PROBLEMS: Final = named(
    [
        ("power", Text("Mất điện", "Power interruption"), RED),
        ("gateway", Text("Gateway mất kết nối", "Gateway offline"), ORANGE),
        ("sensor", Text("Cảm biến ngừng gửi", "Sensor silent"), ORANGE),
        ("air", Text("Không khí xấu", "Bad air"), RED),
        ("limit", Text("Vượt giới hạn trong ngày", "Daily limit exceeded"), RED),
        ("quarantine", Text("Dữ liệu bị cách ly", "Data in quarantine"), YELLOW),
    ]
)
PERIODS: Final = named(
    [
        ("hour", Text("giờ", "hour"), "text"),
        ("day", Text("ngày", "day"), "text"),
        ("month", Text("tháng", "month"), "text"),
        ("year", Text("năm", "year"), "text"),
    ]
)
YES_NO: Final = named([("true", Text("có", "yes"), GREEN), ("false", Text("không", "no"), RED)])
