"""What the hourly and the daily VN_AQI share: sub-indices, their maximum, and how it is rounded."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from processing.columns import Floats, Ints, Note
from processing.kernels import air
from processing.rulesets import air_quality_scale

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SOURCE: Final = "Quyết định 1459/QĐ-TCMT ngày 12/11/2019"
# Of equal sub-indices the first in this order is named responsible; the decision does not say which.
PARAMETERS: Final = ("pm25", "pm10", "so2", "no2", "co", "o3")
PARTICULATES: Final = ("pm25", "pm10")
GASES: Final = ("so2", "no2", "co")


class Overall(NamedTuple):
    """An index per period, and what decided it.

    Attributes:
        value: shape (k,), whole numbers; NaN without a sub-index of PM10 or PM2.5.
        responsible: length k, the parameter with the highest sub-index, None where there is no value.
        decisive: shape (k,), its position in `PARAMETERS`; where there is no value, that of the
            particulate with more valid hours.
    """

    value: Floats
    responsible: Sequence[str | None]
    decisive: Ints


def sub_index(parameter: str, averaging: str, concentration: Floats) -> Floats:
    """Return the unrounded AQI_x of concentrations in ug/m3, shape (k,); NaN stays NaN."""
    concentrations, indices = _breakpoints(parameter, averaging)
    return air.sub_index(concentration, concentrations, indices)


def highest_concentration(parameter: str, averaging: str) -> float:
    """Return the last breakpoint of a column of table 2."""
    return float(_breakpoints(parameter, averaging)[0][-1])


def overall(sub_indices: Mapping[str, Floats], hours: Mapping[str, Ints]) -> Overall:
    """Return the maximum of the sub-indices of all `PARAMETERS`, rounded half up.

    Args:
        sub_indices: parameter -> shape (k,); NaN where the parameter does not count.
        hours: parameter -> shape (k,), valid hours that it had.
    """
    table = np.stack([sub_indices[name] for name in PARAMETERS])
    present = ~np.isnan(table)
    valid = present[0] | present[1]  # PARTICULATES come first
    decisive = np.where(present, table, -1.0).argmax(axis=0).astype(np.int64)
    fallback = np.stack([hours[name] for name in PARTICULATES]).argmax(axis=0)
    decisive = np.where(valid, decisive, fallback)
    value = np.where(valid, half_up(np.where(present, table, -1.0).max(axis=0)), np.nan)
    responsible = [
        PARAMETERS[position] if good else None
        for position, good in zip(decisive.tolist(), valid.tolist(), strict=True)
    ]
    return Overall(value, responsible, decisive)


def half_up(values: Floats) -> Floats:
    """Return the nearest whole numbers, halves going up as in the decision's text (109.5 -> 110).

    A half that binary fractions miss by a hair (106.5 computed as 106.49999999999999) still counts as one.
    """
    return np.floor(values + (0.5 + 1e-9))


def inputs_used(sub_indices: Mapping[str, Floats], hours: Mapping[str, Ints]) -> Ints:
    """Return the number of hourly means behind the sub-indices that count, shape (k,)."""
    total = np.zeros(len(hours[PARAMETERS[0]]), np.int64)
    for name in PARAMETERS:
        total += np.where(np.isnan(sub_indices[name]), 0, hours[name])
    return total


def notes(value: Floats, hours: Mapping[str, Ints]) -> list[str | None]:
    """Return why a value is absent: nothing was measured, or too little of PM10 and PM2.5."""
    total = np.sum([hours[name] for name in PARAMETERS], axis=0)
    return [
        None if known else Note.NO_PARTICULATES if count else Note.NO_DATA
        for known, count in zip((~np.isnan(value)).tolist(), total.tolist(), strict=True)
    ]


@cache
def _breakpoints(parameter: str, averaging: str) -> tuple[Floats, Floats]:
    scale = air_quality_scale("vn_aqi")
    concentrations = scale.breakpoints_of(parameter, averaging).concentration
    return np.array(concentrations), np.array(scale.index[: len(concentrations)])
