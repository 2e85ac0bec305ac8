"""How the columns of a CSV file become readings: a small TOML file, checked before anything is read.

    [csv]                                       # all optional
    encoding = "utf-8"
    delimiter = ","
    decimal = "."

    [time]
    columns = { year = "year", month = "month", day = "day", hour = "hour" }
                                                # or: column = "timestamp" and format =
                                                #     "rfc3339", "epoch_s", "epoch_ms" or a strptime pattern
    zone = "Asia/Shanghai"                      # of local times
    ambiguous = "first"                         # the hour that autumn repeats: "first", "second" or "reject"
    label = "start"                             # the time names the start or the end of its interval
    interval_s = 3600
    averaging_s = 3600                          # 0: an instantaneous value

    [missing]
    markers = ["NA", ""]

    [area]
    code = "beijing"
    name = "Bắc Kinh"
    kind = "city"
    time_zone = "Asia/Shanghai"

    [site]
    column = "station"                          # or name = "…", or (?P<site>…) in the pattern of a file
    id = "{site}"
    kind = "air_station"

    [gateway]
    id = "replay-beijing-air-{site}"

    [[columns]]
    column = "PM2.5"
    quantity = "pm25"
    unit = "ug/m3"
    sensor = "pm25"                             # optional: the quantity

A set whose files hold different things says so by `[[files]]` with `pattern` (a regular expression for the
whole file name) and `columns` of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from domain.periods import DEFAULT_TIME_ZONE
from domain.registry import AreaKind, SiteKind

if TYPE_CHECKING:
    from pathlib import Path

_FORMATS: Final = frozenset({"rfc3339", "epoch_s", "epoch_ms"})
PARTS: Final = ("year", "month", "day", "hour", "minute", "second")


class CsvRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the file is written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    decimal: Literal[".", ","] = "."


class TimeRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the time columns say."""

    interval_s: float
    column: str | None = None
    format: str = "rfc3339"
    columns: dict[str, str] | None = None
    zone: str | None = None
    ambiguous: Literal["first", "second", "reject"] = "first"
    label: Literal["start", "end"] = "start"
    averaging_s: float = 0.0

    @property
    def is_local(self) -> bool:
        """Whether the times are wall-clock times of a zone."""
        if self.columns is not None:
            return True
        return self.format not in _FORMATS and "%z" not in self.format


class MissingRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands where a value is missing."""

    markers: list[str] = msgspec.field(default_factory=lambda: [""])


class AreaRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The area in which the sites are."""

    code: str
    name: str | None = None
    kind: AreaKind = AreaKind.CITY
    parent: str | None = None
    time_zone: str = DEFAULT_TIME_ZONE


class SiteRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the sensors stand."""

    column: str | None = None
    name: str | None = None
    id: str = "{site}"
    kind: SiteKind = SiteKind.OTHER
    latitude: float | None = None
    longitude: float | None = None


class GatewayRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which gateway publishes a site."""

    id: str


class ColumnRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column of values."""

    column: str
    quantity: str
    unit: str
    sensor: str | None = None

    @property
    def sensor_name(self) -> str:
        """What the gateway calls the sensor."""
        return self.sensor or self.quantity


class FileRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What files of a certain name hold."""

    pattern: str
    columns: list[ColumnRule]


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole mapping."""

    time: TimeRule
    area: AreaRule
    site: SiteRule
    gateway: GatewayRule
    title: str = ""
    csv: CsvRule = msgspec.field(default_factory=CsvRule)
    missing: MissingRule = msgspec.field(default_factory=MissingRule)
    columns: list[ColumnRule] = msgspec.field(default_factory=list[ColumnRule])
    files: list[FileRule] = msgspec.field(default_factory=list[FileRule])

    def fingerprint(self) -> bytes:
        """Return bytes that are equal for mappings that mean the same."""
        return msgspec.json.encode(self, order="sorted")

    def columns_of(self, path: Path) -> tuple[list[ColumnRule], str | None]:
        """Return the value columns of a file, and the site its name says; no columns when no rule fits."""
        if not self.files:
            return self.columns, None
        for rule in self.files:
            match = re.fullmatch(rule.pattern, path.name)
            if match is not None:
                return rule.columns, match.groupdict().get("site")
        return [], None
