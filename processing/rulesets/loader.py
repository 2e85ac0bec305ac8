"""Read and check the rule sets of this folder.

A rule set is typed in from a legal text, so everything that can be wrong with a table is checked when it is
read: unknown or missing keys, types, order, gaps, overlaps.

Errors:
    RulesetError: a file is absent or not what it should be; says which file, where in it and why.
"""

import tomllib
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TypeVar

import msgspec

from domain.quantities import QUANTITIES
from domain.text import Text
from domain.units import canonical_unit


class RulesetError(ValueError):
    """A rule set that cannot be used."""

    def __init__(self, file: str, fault: str) -> None:
        self.file = file
        self.fault = fault
        super().__init__(f"rule set {file}: {fault}")


class Trust(StrEnum):
    """How far to trust a table: whether somebody compared it with the legal text."""

    VERIFIED = "verified"
    SECONDARY = "secondary"
    RECALLED = "recalled"


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a TOML file; a key that nobody asked for is a typing error and refused."""


class Breakpoints(Table, frozen=True):
    """The concentrations at which one parameter's index takes the values of `AirQualityScale.index`.

    Attributes:
        parameter: quantity code.
        averaging: "1h", "8h" or "24h".
        concentration: strictly ascending; may end before the index does.
    """

    parameter: str
    averaging: str
    concentration: tuple[float, ...]

    def __post_init__(self) -> None:
        _check_parameter(self.parameter)
        _check_ascending("concentration", self.concentration)


class Band(Table, frozen=True):
    """A named range of the published, whole index, both ends included.

    Attributes:
        index_min: lowest index of the band.
        index_max: highest index of the band.
        rgb: the colour that the decision prescribes, 0..255 each.
        name: what people call it.
    """

    index_min: int
    index_max: int
    rgb: tuple[int, int, int]
    name: Text

    def __post_init__(self) -> None:
        if self.index_max < self.index_min:
            message = f"index_max {self.index_max} is below index_min {self.index_min}"
            raise ValueError(message)
        if not all(0 <= part <= 255 for part in self.rgb):  # noqa: PLR2004 # a byte
            message = f"rgb {self.rgb} is not three numbers of 0..255"
            raise ValueError(message)


class AirQualityScale(Table, frozen=True):
    """Breakpoints and bands of an air quality index."""

    code: str
    title: Text
    source: str
    trust: Trust
    valid_from: date
    unit: str
    index: tuple[float, ...]
    breakpoints: tuple[Breakpoints, ...]
    bands: tuple[Band, ...]

    def __post_init__(self) -> None:
        canonical_unit(self.unit)
        _check_ascending("index", self.index)
        seen: set[tuple[str, str]] = set()
        for row in self.breakpoints:
            if len(row.concentration) > len(self.index):
                message = f"{row.parameter} {row.averaging} has more concentrations than there are indices"
                raise ValueError(message)
            if (row.parameter, row.averaging) in seen:
                message = f"breakpoints of {row.parameter} {row.averaging} are given twice"
                raise ValueError(message)
            seen.add((row.parameter, row.averaging))
        for below, above in pairwise(self.bands):
            if above.index_min != below.index_max + 1:
                message = f"bands must join: {above.index_min} follows {below.index_max}"
                raise ValueError(message)

    def breakpoints_of(self, parameter: str, averaging: str) -> Breakpoints:
        """Return the breakpoints of one column of the table.

        Raises:
            RulesetError: the table has no such column.
        """
        for row in self.breakpoints:
            if (row.parameter, row.averaging) == (parameter, averaging):
                return row
        raise RulesetError(self.code, f"has no breakpoints of {parameter} {averaging}")

    def band(self, index: int) -> Band:
        """Return the band of a published index; beyond the ends, the first or the last band."""
        for band in self.bands:
            if index <= band.index_max:
                return band
        return self.bands[-1]


class Limit(Table, frozen=True):
    """The highest admissible value of one parameter over one averaging time.

    Attributes:
        parameter: quantity code.
        averaging: "1h", "8h", "24h" or "year".
        maximum: a mean at or below it complies.
        valid_from: first local day on which it holds; None: for all time before the next one.
    """

    parameter: str
    averaging: str
    maximum: float
    valid_from: date | None = None

    def __post_init__(self) -> None:
        _check_parameter(self.parameter)
        if not 0 < self.maximum < float("inf"):
            message = f"maximum {self.maximum} of {self.parameter} {self.averaging} is not a positive number"
            raise ValueError(message)


class LimitSet(Table, frozen=True):
    """The limits of one regulation."""

    code: str
    title: Text
    source: str
    trust: Trust
    valid_from: date
    unit: str
    limits: tuple[Limit, ...]

    def __post_init__(self) -> None:
        canonical_unit(self.unit)
        seen: set[tuple[str, str, date | None]] = set()
        for row in self.limits:
            key = (row.parameter, row.averaging, row.valid_from)
            if key in seen:
                message = f"the limit of {row.parameter} {row.averaging} from {row.valid_from} is given twice"
                raise ValueError(message)
            seen.add(key)

    def limit(self, parameter: str, averaging: str, on: date) -> Limit | None:
        """Return the limit that holds on the local day `on`; None where the regulation gives none."""
        found: Limit | None = None
        for row in self.limits:
            if (row.parameter, row.averaging) != (parameter, averaging):
                continue
            since = row.valid_from or date.min
            if since <= on and (found is None or since > (found.valid_from or date.min)):
                found = row
        return found


@cache
def air_quality_scale(code: str) -> AirQualityScale:
    """Return the scale of the file `<code>.toml`.

    Raises:
        RulesetError: the file is absent or wrong.
    """
    return parse(f"{code}.toml", read(code), AirQualityScale)


@cache
def limit_set(code: str) -> LimitSet:
    """Return the limits of the file `<code>.toml`.

    Raises:
        RulesetError: the file is absent or wrong.
    """
    return parse(f"{code}.toml", read(code), LimitSet)


_Ruleset = TypeVar("_Ruleset", bound=Table)


def parse(file: str, text: str, kind: type[_Ruleset]) -> _Ruleset:
    """Return the rule set that `text` (TOML) describes; `file` is named in errors.

    Raises:
        RulesetError: the text is not TOML, or a table is wrong.
    """
    try:
        return msgspec.convert(tomllib.loads(text), kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RulesetError(file, str(error)) from error


def read(code: str) -> str:
    """Return the text of the file `<code>.toml` of this folder.

    Raises:
        RulesetError: there is no such file.
    """
    file = f"{code}.toml"
    try:
        return (files("processing.rulesets") / file).read_text(encoding="utf-8")
    except OSError as error:
        raise RulesetError(file, "there is no such file") from error


def _check_parameter(parameter: str) -> None:
    if parameter not in QUANTITIES:
        message = f"parameter {parameter!r} is not a known quantity"
        raise ValueError(message)


def _check_ascending(name: str, numbers: tuple[float, ...]) -> None:
    if len(numbers) < 2:  # noqa: PLR2004 # a line has two ends
        message = f"{name} needs at least two numbers"
        raise ValueError(message)
    for before, after in pairwise(numbers):
        if not before < after:
            message = f"{name} must ascend: {after} follows {before}"
            raise ValueError(message)
