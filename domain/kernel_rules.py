"""Kernels over readings that a city may name in an indicator of its own: what they take and give."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from domain.quantities import QuantityKind
from domain.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping


class ParameterRule(NamedTuple):
    """A number that a kernel takes; without a default it must be given."""

    title: Text
    default: float | None
    minimum: float = -math.inf
    maximum: float = math.inf


class KernelRule(NamedTuple):
    """What a kernel over readings takes and gives.

    Attributes:
        title: what it does.
        kinds: quantities that it makes sense for.
        units: units that its values may have; empty: that of the quantity.
        adds: the values of parts (sensors, hours) add up to that of the whole.
        numbers: parameters that are numbers.
        states: whether it takes `states`, a list of whole numbers.
        ways: whether it takes `above`, true or false.
    """

    title: Text
    kinds: frozenset[QuantityKind]
    units: tuple[str, ...] = ()
    adds: bool = False
    numbers: Mapping[str, ParameterRule] = {}
    states: bool = False
    ways: bool = False


_GAUGES: Final = frozenset({QuantityKind.GAUGE})
_LEVELS: Final = frozenset({QuantityKind.GAUGE, QuantityKind.STATE})
# Extremes of hours are kept as counts on a grid, so that those of years stay exact and small.
_GRID: Final = ParameterRule(Text("độ phân giải của số đo", "resolution of the readings"), 0.001, 1e-6)
KERNELS: Final[Mapping[str, KernelRule]] = {
    "mean": KernelRule(Text("trung bình cộng các số đo", "arithmetic mean of the readings"), _LEVELS),
    "time_weighted_mean": KernelRule(
        Text("trung bình theo thời gian", "time-weighted mean, each value held until the next"), _LEVELS
    ),
    "minimum": KernelRule(Text("số đo nhỏ nhất", "smallest reading"), _GAUGES, numbers={"resolution": _GRID}),
    "maximum": KernelRule(Text("số đo lớn nhất", "largest reading"), _GAUGES, numbers={"resolution": _GRID}),
    "increase": KernelRule(
        Text("lượng tăng của bộ đếm", "increase of a counter, aware of resets"),
        frozenset({QuantityKind.COUNTER}),
        adds=True,
        numbers={
            "rollover": ParameterRule(
                Text("giới hạn vòng đếm (0: không có)", "modulus of the counter (0: none)"), 0.0, 0.0
            ),
            "rate_max_per_s": ParameterRule(
                Text("tốc độ tăng lớn nhất tin được (0: mọi)", "steepest rise to believe per s (0: any)"),
                0.0,
                0.0,
            ),
        },
    ),
    "exceedance_hours": KernelRule(
        Text("số giờ ở mức hoặc vượt ngưỡng", "hours at or beyond the threshold"),
        _LEVELS,
        ("h",),
        adds=True,
        numbers={
            "threshold": ParameterRule(Text("ngưỡng", "threshold"), None),
        },
        ways=True,
    ),
    "state_share": KernelRule(
        Text("tỷ lệ thời gian ở các trạng thái", "share of the known time in the states"),
        frozenset({QuantityKind.STATE}),
        ("1", "%"),
        states=True,
    ),
    "quantile": KernelRule(
        Text("phân vị của các số đo", "quantile of the readings"),
        _GAUGES,
        numbers={
            "p": ParameterRule(Text("xác suất", "probability"), None, 0.0, 1.0),
            "resolution": ParameterRule(
                Text(
                    "độ phân giải của số đo (0: sai số tương đối tới 0,4 %)",
                    "resolution of the readings (0: a relative error of up to 0.4 %)",
                ),
                0.0,
                0.0,
            ),
        },
    ),
    "leq": KernelRule(Text("mức âm tương đương", "equivalent continuous sound level"), _GAUGES),
}
ROLL_UPS: Final[Mapping[str, Text]] = {
    "none": Text("chỉ cảm biến", "sensors only"),
    "pooled": Text("gộp số đo của mọi cảm biến", "the readings of all sensors as if of one"),
    "sum": Text("tổng các cảm biến", "sum over the sensors"),
    "mean": Text("trung bình các cảm biến", "mean of the sensors' values"),
    "highest": Text("giá trị cao nhất của các cảm biến", "highest of the sensors' values"),
}
