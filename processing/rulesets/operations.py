"""Rule sets of operation: service levels of devices, level of service of streets.

Errors:
    RulesetError: a file is absent or not what it should be (`processing.rulesets.loader`).
"""

from datetime import date
from functools import cache
from itertools import pairwise

from domain.text import Text
from processing.rulesets.loader import RulesetError, Table, Trust, parse, read


class _Dated(Table, frozen=True):
    code: str
    title: Text
    source: str
    trust: Trust
    valid_from: date


class Level(Table, frozen=True):
    """The least value of an indicator that meets the service level on a day."""

    indicator: str
    minimum: float


class ServiceLevels(_Dated, frozen=True):
    """Levels of several indicators."""

    levels: tuple[Level, ...]

    def minimum(self, indicator: str) -> float:
        """Return the least value of `indicator` that meets the level.

        Raises:
            RulesetError: the table says nothing of the indicator.
        """
        for level in self.levels:
            if level.indicator == indicator:
                return level.minimum
        raise RulesetError(self.code, f"has no level of {indicator}")


class StreetBand(Table, frozen=True):
    """A letter, and the share of free-flow speed above which it is given, in per cent."""

    letter: str
    above: float


class StreetScale(_Dated, frozen=True):
    """Bands in descending order; the last one begins at 0 and holds 0 too."""

    unit: str
    bands: tuple[StreetBand, ...]

    def __post_init__(self) -> None:
        if not self.bands or self.bands[-1].above != 0:
            message = "the last band must begin at 0"
            raise ValueError(message)
        for upper, lower in pairwise(self.bands):
            if lower.above >= upper.above:
                message = f"bands must descend: {lower.letter} does not lie below {upper.letter}"
                raise ValueError(message)

    def letter(self, share: float) -> str:
        """Return the letter of a share of the free-flow speed, in per cent."""
        return next((band.letter for band in self.bands if share > band.above), self.bands[-1].letter)


@cache
def service_levels() -> ServiceLevels:
    """Return the service levels of devices.

    Raises:
        RulesetError: the file is absent or not what it should be.
    """
    return parse("service_levels.toml", read("service_levels"), ServiceLevels)


@cache
def street_scale() -> StreetScale:
    """Return the level-of-service bands of urban streets.

    Raises:
        RulesetError: the file is absent or not what it should be.
    """
    return parse("urban_street_los.toml", read("urban_street_los"), StreetScale)
