"""Numbers that indicators ask for, and the values that a city sets."""

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import Field

from api.schemas.base import Answer, Body, Line, Reference

_DAY_MIN: Final = date(1900, 1, 1)
_DAY_MAX: Final = date(2999, 12, 31)


class Parameter(Answer):
    """A number that an indicator asks for."""

    indicator: str
    name: str
    unit: str
    default: float | None = Field(
        description="value unless one is set; null: without a value the indicator has none"
    )
    minimum: float | None = Field(description="smallest admissible value; null: no limit")
    maximum: float | None = Field(description="largest admissible value; null: no limit")
    title_vi: str
    title_en: str
    source: str = Field(description="where the default comes from")
    quantities: list[str] = Field(description="that the indicator reads")


class ParameterValueNew(Body):
    """A value from a day on; without sensor, site and area it holds everywhere."""

    indicator: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=64)
    value: float | None = Field(
        description="null: what was set for the same sensor, site or area ends on this day"
    )
    sensor: Reference | None = None
    site: Reference | None = None
    area: Reference | None = Field(default=None, description="holds in the areas below it too")
    valid_from: Annotated[date, Field(ge=_DAY_MIN, le=_DAY_MAX, description="local day")]
    source: Line = Field(description="document, or who decided")


class ParameterValue(Answer):
    """A value that is set; the nearest holds: sensor, site, area and those above it, everywhere."""

    id: int
    indicator: str
    name: str
    value: float | None
    unit: str
    sensor: str | None
    site: str | None
    area: str | None
    valid_from: date
    source: str
    updated_at: datetime
