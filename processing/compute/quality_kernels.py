"""Kernels of quality tests: QARTOD's, and drift against neighbours."""

from __future__ import annotations

from typing import Final

from domain.text import Text
from processing.compute.forms import MISSING_TOO, Kernel, parameter
from processing.compute.readings import Wanted

QUALITY_KERNELS: Final = (
    Kernel(
        "gross_range",
        Text("QARTOD: khoảng giá trị", "QARTOD gross range test"),
        "{flag}",
        "quality:gross_range",
        (
            parameter("fail_min", "dưới mức này là sai", "below it: fail (4)", required=True),
            parameter("fail_max", "trên mức này là sai", "above it: fail (4)", required=True),
            parameter("suspect_min", "dưới mức này là nghi ngờ", "below it: suspect (3)"),
            parameter("suspect_max", "trên mức này là nghi ngờ", "above it: suspect (3)"),
        ),
        aliases=("gross_range_test", "qartod_gross_range", "qartod.gross_range"),
        wanted=Wanted(ts=False, keep_missing=True),
    ),
    Kernel(
        "spike",
        Text("QARTOD: gai nhọn", "QARTOD spike test"),
        "{flag}",
        "quality:spike",
        (
            parameter("suspect_threshold", "lệch hơn là nghi ngờ", "further off than this: suspect (3)"),
            parameter("fail_threshold", "lệch hơn là sai", "further off than this: fail (4)"),
            parameter(
                "method",
                "average hoặc differential",
                "reference: mean of neighbours, or the smaller difference",
                default="average",
                choices=("average", "differential"),
            ),
        ),
        aliases=("spike_test", "qartod_spike", "qartod.spike"),
        wanted=Wanted(ts=False, keep_missing=True),
    ),
    Kernel(
        "rate_of_change",
        Text("QARTOD: tốc độ thay đổi", "QARTOD rate of change test"),
        "{flag}",
        "quality:rate_of_change",
        (
            parameter(
                "threshold",
                "thay đổi mỗi giây",
                "change per second above which a reading is suspect (3)",
                required=True,
            ),
            parameter(
                "fail_threshold", "thay đổi mỗi giây là sai", "change per second above which it fails (4)"
            ),
        ),
        aliases=("rate_of_change_test", "qartod_rate_of_change", "qartod.rate_of_change", "roc"),
        wanted=MISSING_TOO,
    ),
    Kernel(
        "flat_line",
        Text("QARTOD: đứng yên", "QARTOD flat line test"),
        "{flag}",
        "quality:flat_line",
        (
            parameter(
                "suspect_threshold",
                "đứng yên từ đó là nghi ngờ",
                "flat for so long: suspect (3)",
                "s",
                required=True,
            ),
            parameter(
                "fail_threshold", "đứng yên từ đó là sai", "flat for so long: fail (4)", "s", required=True
            ),
            parameter(
                "tolerance",
                "dao động nhỏ hơn là đứng yên; 0: không có gì đứng yên, như ioos_qc",
                "a smaller range is flat; 0: none is, as in ioos_qc",
                default="0",
            ),
        ),
        aliases=("flat_line_test", "qartod_flat_line", "qartod.flat_line", "stuck"),
        wanted=MISSING_TOO,
    ),
    Kernel(
        "drift",
        Text("Trôi so với các cảm biến lân cận", "Drift against neighbours"),
        "",
        "quality:drift",
        (
            parameter(
                "sensor",
                "cảm biến được xét; không có: từng cảm biến",
                "the sensor in question; none: each in turn",
            ),
            parameter("window_s", "cửa sổ nhìn lại", "trailing window", "s", "604800"),
            parameter("threshold", "lệch hơn là nghi ngờ", "further off than this: suspect (3)"),
        ),
        columns="sensor, ts, value of three sensors or more",
        aliases=("neighbours", "neighbors"),
    ),
)
