"""What a kernel says of itself, and the parameters that several share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from domain.text import Text
from processing.compute.readings import Wanted

VALUES: Final = Wanted()


@dataclass(frozen=True, slots=True)
class KernelParameter:
    """A parameter of a kernel.

    Attributes:
        name: as typed in --param.
        meaning: what it is, vi and en.
        unit: UCUM code; "" for a word or a number without one.
        default: as it would be typed; None: there is none. "required" is said by `required`.
        required: whether the kernel cannot do without it.
        choices: words that it may be; empty: a number (or several, separated by commas).
    """

    name: str
    meaning: Text
    unit: str = ""
    default: str | None = None
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kernel:
    """A computation that is no indicator by itself.

    Attributes:
        name: after `kernel.`.
        title: what people call it.
        unit: UCUM code of its values; "" is the unit of the readings.
        function: "module:function" in this package.
        parameters: what it may be told, beside start, end.
        columns: what it reads.
        aliases: other names.
        wanted: what a file must have.
        needs_file: whether it reads a file at all times; otherwise parameters may take its place.
        quantities: what the readings are of, when a file holds several quantities; empty: any.
        after_last: the last reading lasts for one interval more (levels of intervals, not instants).
    """

    name: str
    title: Text
    unit: str
    function: str
    parameters: tuple[KernelParameter, ...] = ()
    columns: str = "ts, value"
    aliases: tuple[str, ...] = ()
    wanted: Wanted = VALUES
    needs_file: bool = True
    quantities: tuple[str, ...] = ()
    after_last: bool = False


def parameter(  # noqa: PLR0913 # one table row
    name: str,
    vi: str,
    en: str,
    unit: str = "",
    default: str | None = None,
    *,
    required: bool = False,
    choices: tuple[str, ...] = (),
) -> KernelParameter:
    """Return a parameter; one line of a table."""
    return KernelParameter(name, Text(vi, en), unit, default, required, choices)


WINDOW: Final = (
    parameter("start", "bắt đầu của cửa sổ", "start of the window (a time)"),
    parameter("end", "kết thúc của cửa sổ", "end of the window (a time)"),
)
OUTPUT: Final = parameter(
    "output",
    "lấy mục này của detail làm giá trị",
    "entry of the detail that is to be the value, such as downtime_s or integral; none: the kernel's own",
)
GAP: Final = parameter(
    "max_gap_s",
    "một giá trị giữ tối đa; không có: không giới hạn",
    "how long a value holds; none: no limit",
    "s",
)
THRESHOLD: Final = (
    parameter("threshold", "ngưỡng", "threshold, in the unit of the values", required=True),
    parameter("hysteresis", "độ trễ khi rút lui", "an episode ends this far back", default="0"),
    parameter(
        "direction",
        "vượt lên hay xuống dưới",
        "which side is beyond",
        default="above",
        choices=("above", "below"),
    ),
    GAP,
)
METHOD_OF_CHANGE: Final = parameter(
    "method",
    "bước kết thúc trong cửa sổ; nội suy tới hai mép; hoặc ngoại suy như Prometheus",
    "observed: steps that end in the window; interpolated: up to both edges; prometheus: extrapolated as "
    "TimescaleDB does; prometheus_3: as Prometheus 3 does",
    default="observed",
    choices=("observed", "interpolated", "prometheus", "prometheus_3"),
)
COUNTER: Final = (
    parameter("rollover", "giá trị quay vòng; 0: về 0", "modulus; 0: a drop is a reset to zero", default="0"),
    parameter(
        "rate_max_per_s",
        "bước tăng nhanh nhất (chỉ observed); 0: mọi bước",
        "steepest step to believe (observed only); 0: any",
        default="0",
    ),
    METHOD_OF_CHANGE,
)
BEFORE: Final = parameter(
    "before",
    "trước nhịp đầu tiên",
    "before the first heartbeat",
    default="dead",
    choices=("dead", "unknown"),
)
AT: Final = parameter("at", "hỏi tại thời điểm này", "instant that is asked about (a time)")
FREE_FLOW: Final = (
    parameter(
        "free_flow",
        "thời gian thông thoáng; không có: phân vị 15",
        "free-flow time; none: 15th percentile",
        "s",
    ),
    parameter(
        "free_flow_percentile", "phân vị của thời gian thông thoáng", "percentile of free flow", "%", "15"
    ),
    parameter("peak_hours", "giờ cao điểm, hoặc all", "local peak hours, or all", "h", "6-10,15-19"),
)
DAY_NIGHT: Final = (
    parameter("day_start", "giờ bắt đầu ngày", "local hour at which the day begins", "h", "7"),
    parameter("night_penalty", "cộng thêm ban đêm", "added at night", "dB", "10"),
    parameter("day", "mức ban ngày, thay cho tệp", "level of the day, in place of a file", "dB[A]"),
    parameter("night", "mức ban đêm, thay cho tệp", "level of the night, in place of a file", "dB[A]"),
)
PLANNED: Final = parameter(
    "planned",
    "sự cố có kế hoạch",
    "whether planned interruptions count",
    default="include",
    choices=("include", "exclude", "only"),
)
MOMENTARY: Final = parameter(
    "momentary_s", "mất điện thoáng qua dài nhất", "longest momentary interruption", "s", "300"
)
CUSTOMERS_INTERRUPTED: Final = parameter(
    "customers_interrupted",
    "số khách hàng khác nhau bị mất điện (CN)",
    "distinct customers that were interrupted (CN)",
    required=True,
)
HOURS_OF_PERIOD: Final = parameter(
    "hours",
    "số giờ của kỳ; không có: của kỳ, hoặc của các năm trọn",
    "hours of the period (8760, 8784); none: the period's own, without one those of the calendar years",
    "h",
)
NO_TS: Final = Wanted(ts=False)
AS_WRITTEN: Final = Wanted(ts=False, raw_units=True)
MISSING_TOO: Final = Wanted(keep_missing=True)
EVENTS: Final = "--events FILE --customers N"
PARAMETERS_ONLY: Final = "parameters only"
