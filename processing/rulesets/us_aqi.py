"""The breakpoint tables of the US air quality index, dated."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from itertools import pairwise

from domain.text import Text
from domain.units import canonical_unit
from processing.rulesets.loader import RulesetError, Table, Trust, parse, read

Row = tuple[float, float, float, float]


class Column(Table, frozen=True):
    """The rows of one parameter and averaging time.

    Attributes:
        parameter: quantity code.
        averaging: "1h", "8h" or "24h".
        unit: UCUM code of the concentrations.
        decimals: to which a concentration is truncated.
        rows: lowest and highest concentration, index at the lowest and at the highest; ascending.
        valid_from: first local day on which the rows hold; None: before the next ones.
        extended: whether the last row goes on above its end; otherwise there is no index there.
    """

    parameter: str
    averaging: str
    unit: str
    decimals: int
    rows: tuple[Row, ...]
    valid_from: date | None = None
    extended: bool = True

    def __post_init__(self) -> None:
        canonical_unit(self.unit)
        for low, high, index_low, index_high in self.rows:
            if not (low < high and index_low < index_high):
                message = f"{self.parameter} {self.averaging}: the row of {low} does not ascend"
                raise ValueError(message)
        for below, above in pairwise(self.rows):
            step = round((above[0] - below[1]) * 10**self.decimals, 6)
            if step != 1 or above[2] != below[3] + 1:
                message = f"{self.parameter} {self.averaging}: the row of {above[0]} does not join {below[1]}"
                raise ValueError(message)


class TruncatedScale(Table, frozen=True):
    """An index whose concentrations are truncated first.

    Attributes:
        ug_m3_per_ppb: gas -> µg/m³ that 1 ppb weighs.
        columns: of all parameters and averaging times.
    """

    code: str
    title: Text
    source: str
    trust: Trust
    valid_from: date
    ug_m3_per_ppb: dict[str, float]
    columns: tuple[Column, ...]

    def of(self, parameter: str, averaging: str) -> Sequence[Column]:
        """Return the columns of a parameter and averaging time, oldest first.

        Raises:
            RulesetError: the scale has none.
        """
        found = [one for one in self.columns if (one.parameter, one.averaging) == (parameter, averaging)]
        if not found:
            raise RulesetError(self.code, f"has no breakpoints of {parameter} {averaging}")
        return sorted(found, key=lambda one: one.valid_from or date.min)


@cache
def us_aqi() -> TruncatedScale:
    """Return the US air quality index.

    Raises:
        RulesetError: its file is absent or wrong.
    """
    return parse("us_aqi.toml", read("us_aqi"), TruncatedScale)
