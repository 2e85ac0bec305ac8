"""What the indicators that count smart devices share: how many sensors were alive, over how many there are.

A device counts for the time in which its last good reading is no older than the maximum gap, so that one that
was registered and never sent, or fell silent, is no smart device: results count, plans do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from domain.indicators import Direction, Indicator, SubjectKind
from domain.periods import Period
from domain.text import Text
from processing.indicators import held_values
from processing.indicators.recipes import Finished, Parameter, ReadingsRecipe, WindowTerms

if TYPE_CHECKING:
    from collections.abc import Callable

    from processing.indicators.recipes import Pooled, SensorWindows

_RULE: Final = Text(
    "Luôn đầy đủ khi đã khai mẫu số: thiết bị im lặng là không hoạt động.",
    "Always complete where the denominator is set: a device that is silent is not at work.",
)
_COUNT: Final = Text(
    "Số thiết bị hoạt động là trung bình theo thời gian của kỳ; một thiết bị hoạt động khi số đo tốt gần "
    "nhất chưa quá khoảng hở tối đa. Kỳ chưa kết thúc còn thấp hơn thực tế: hãy xem ngày gần nhất.",
    "Devices at work are a mean over the time of the period; a device is at work while its last good reading "
    "is no older than the maximum gap. A period that is not over stands too low: look at the last whole day.",
)
_CITY: Final = "The city's own figure, dated"


class Devices(NamedTuple):
    """What is counted.

    Attributes:
        code: of the indicator.
        title: of the indicator.
        quantity: one sensor of it is one device.
        counted: what a device is, in words.
        total: parameter with what there is in all.
        unit: of the indicator: "%" or one per unit of the total.
        service: whose devices they are.
        source: where the indicator is defined.
    """

    code: str
    title: Text
    quantity: str
    counted: Text
    total: Parameter
    unit: str
    service: str
    source: str


def total(name: str, title: Text, unit: str = "1") -> Parameter:
    """Return a parameter that a city types in for an area; without it there is no value."""
    return Parameter(name, unit, float("nan"), title, 0.0, source=_CITY)


def recipe(devices: Devices) -> ReadingsRecipe:
    """Return the indicator of an area: devices at work over all, in per cent, or per unit of the total."""
    name = devices.total.name
    percent = devices.unit == "%"
    times = " x 100" if percent else ""
    indicator = Indicator(
        code=devices.code,
        title=devices.title,
        unit=devices.unit,
        service=devices.service,
        direction=Direction.HIGHER,
        subject_kinds=(SubjectKind.AREA,),
        periods=(Period.DAY, Period.MONTH, Period.QUARTER, Period.YEAR),
        formula=Text(
            f"{devices.counted.vi} đang hoạt động / tham số {name} của khu vực{times}. {_COUNT.vi}",
            f"{devices.counted.en} at work / parameter {name} of the area{times}. {_COUNT.en}",
        ),
        completeness_rule=_RULE,
        source=devices.source,
        method_version="1",
    )
    return ReadingsRecipe(
        indicator, (devices.quantity,), terms, _finish(name, 100.0 if percent else 1.0), (devices.total,)
    )


def terms(windows: SensorWindows) -> WindowTerms:
    """Return the seconds in which the sensor was at work; what was silent is known to have been."""
    covered = held_values.integral(windows, (windows.start, windows.end))[1].astype(np.float64)
    seconds = held_values.seconds(windows)
    return WindowTerms(covered[:, None], seconds, seconds, held_values.readings(windows))


def _finish(name: str, factor: float) -> Callable[[Pooled], Finished]:
    def finish(pooled: Pooled) -> Finished:
        length_s = (pooled.period_end - pooled.period_start).astype(np.float64) * 1e-6
        alive = pooled.terms.sums[:, 0] / length_s
        whole = pooled.parameters[name]
        value = factor * alive / whole if whole > 0 else np.full(len(alive), np.nan)
        return Finished(value, [{"devices": round(one, 3), "total": whole} for one in alive.tolist()])

    return finish
