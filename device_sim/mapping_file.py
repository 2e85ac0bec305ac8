"""Reading a mapping file: TOML to `Mapping`, or an error that names the key, what was found and expected."""

from __future__ import annotations

import codecs
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from device_sim.errors import MappingError
from device_sim.mapping import PARTS, ColumnRule, Mapping
from device_sim.slugs import slug
from domain.quantities import QUANTITIES
from domain.registry import AreaKind, SiteKind
from domain.topics import GATEWAY_PATTERN
from domain.units import IncompatibleUnitError, UnknownUnitError, conversion, units_like

SHIPPED: Final = Path(__file__).parent / "mappings"
_AREA_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SENSOR_NAME_LENGTH_MAX: Final = 64
_INTERVAL_S_MAX: Final = 366 * 86_400
_TYPED: Final = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<got>[^`]+)`")
_WHERE: Final = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_UNKNOWN_FIELD: Final = re.compile(r"unknown field `(?P<field>[^`]+)`")
_MISSING_FIELD: Final = re.compile(r"missing required field `(?P<field>[^`]+)`")
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "area.kind": tuple(AreaKind),
    "site.kind": tuple(SiteKind),
    "time.label": ("start", "end"),
    "time.ambiguous": ("first", "second", "reject"),
    "csv.decimal": (".", ","),
}
_STEP: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def shipped_names() -> list[str]:
    """Return the names of the mappings that come with the project."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load_mapping(name: str) -> Mapping:
    """Return the mapping in a file, or one that comes with the project by its short name.

    Raises:
        MappingError: there is no such mapping, or it says something that cannot be meant.
    """
    path = Path(name)
    shipped = SHIPPED / f"{path.name.removesuffix('.toml')}.toml"
    if (
        not path.is_file()
        and shipped.is_file()
        and (path.name == name or path.parts[-3:-1] == ("device_sim", "mappings"))
    ):
        path = shipped
    try:
        text = path.read_bytes().decode("utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        expected = f"a TOML file, or one of {', '.join(shipped_names())}"
        raise MappingError(name, "file", error.strerror or type(error).__name__, expected) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(name, "file", str(error), "TOML in UTF-8") from error
    return parsed_mapping(document, name)


def parsed_mapping(document: dict[str, Any], source: str) -> Mapping:
    """Return a TOML document as a mapping that can be used.

    Raises:
        MappingError: names the key at fault.
    """
    try:
        mapping = msgspec.convert(document, Mapping)
    except msgspec.ValidationError as error:
        raise _typed_error(error, document, source) from error
    _Check(mapping, source).everything()
    return mapping


def _typed_error(error: msgspec.ValidationError, document: dict[str, Any], source: str) -> MappingError:
    text = str(error)
    where = _WHERE.search(text)
    path = where["path"] if where else ""
    message = text[: where.start()] if where else text
    for pattern, expected in (
        (_UNKNOWN_FIELD, "a key that mappings have"),
        (_MISSING_FIELD, "this key"),
    ):
        named = pattern.search(message)
        if named is not None:
            found = "unknown key" if pattern is _UNKNOWN_FIELD else "nothing"
            return MappingError(source, f"{path}.{named['field']}".lstrip("."), found, expected)
    key = path.lstrip(".")
    typed = _TYPED.search(message)
    expected = f"one of {', '.join(_CHOICES[key])}" if key in _CHOICES else message
    return MappingError(
        source, key or "file", _found_at(document, path), typed["expected"] if typed else expected
    )


def _found_at(document: Any, path: str) -> object:  # noqa: ANN401 # any TOML value
    found: Any = document
    for key, index in _STEP.findall(path):
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and index.isdigit() and int(index) < len(found):
            found = found[int(index)]
        else:
            break
    return found


class _Check:
    """What types alone cannot say."""

    def __init__(self, mapping: Mapping, source: str) -> None:
        self._mapping = mapping
        self._source = source

    def everything(self) -> None:
        self._csv()
        self._time()
        self._area()
        self._files()
        self._site()
        self._columns(self._mapping.columns, "columns")

    def _csv(self) -> None:
        rule = self._mapping.csv
        for key, text in (("csv.delimiter", rule.delimiter), ("csv.quote", rule.quote)):
            if len(text) != 1 or text in "\r\n":
                raise MappingError(self._source, key, text, "one character")
        if rule.decimal == "," and rule.delimiter == ",":
            raise MappingError(
                self._source, "csv.decimal", rule.decimal, "a decimal sign that is not the delimiter"
            )
        try:
            codecs.lookup(rule.encoding)
            "é".encode(rule.encoding, "replace")
        except (LookupError, UnicodeError) as error:
            raise MappingError(
                self._source, "csv.encoding", rule.encoding, "a text encoding such as utf-8"
            ) from error

    def _time(self) -> None:
        rule = self._mapping.time
        if (rule.column is None) == (rule.columns is None):
            raise MappingError(self._source, "time", "both or none", 'either "column" or "columns"')
        if rule.columns is not None:
            self._time_columns(rule.columns)
        elif rule.is_local:
            self._time_format(rule.format)
        if rule.is_local and rule.zone is None:
            raise MappingError(
                self._source, "time.zone", "nothing", "the zone of the local times, such as Asia/Ho_Chi_Minh"
            )
        if rule.zone is not None:
            self._zone("time.zone", rule.zone)
        for key, seconds, least in (
            ("time.interval_s", rule.interval_s, 1e-3),
            ("time.averaging_s", rule.averaging_s, 0.0),
        ):
            if not least <= seconds <= _INTERVAL_S_MAX:
                raise MappingError(self._source, key, seconds, f"seconds from {least:g} to {_INTERVAL_S_MAX}")

    def _time_columns(self, columns: dict[str, str]) -> None:
        for part in columns:
            if part not in PARTS:
                raise MappingError(
                    self._source, f"time.columns.{part}", "unknown key", f"one of {', '.join(PARTS)}"
                )
        for part in PARTS[:3]:
            if part not in columns:
                raise MappingError(self._source, f"time.columns.{part}", "nothing", "the name of a column")

    def _time_format(self, pattern: str) -> None:
        expected = '"rfc3339", "epoch_s", "epoch_ms" or a strptime pattern with year, month and day'
        sample = datetime(2024, 12, 25, 13, 14, 15, tzinfo=UTC)
        try:
            again = datetime.strptime(sample.strftime(pattern), pattern)  # noqa: DTZ007 # the pattern is local
        except ValueError as error:
            raise MappingError(self._source, "time.format", pattern, expected) from error
        if again.date() != sample.date():
            raise MappingError(self._source, "time.format", pattern, expected)

    def _zone(self, key: str, zone: str) -> None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise MappingError(
                self._source, key, zone, "an IANA time zone such as Asia/Ho_Chi_Minh"
            ) from error

    def _area(self) -> None:
        rule = self._mapping.area
        for key, code in (("area.code", rule.code), ("area.parent", rule.parent)):
            if code is not None and _AREA_CODE.fullmatch(code) is None:
                raise MappingError(
                    self._source, key, code, "lower-case letters, digits and hyphens, at most 64"
                )
        if rule.kind in {AreaKind.WARD, AreaKind.COMMUNE} and rule.parent is None:
            raise MappingError(
                self._source, "area.parent", "nothing", f"the code of the city that a {rule.kind} is in"
            )
        self._zone("area.time_zone", rule.time_zone)

    def _site(self) -> None:
        rule = self._mapping.site
        if rule.column is not None and rule.name is not None:
            raise MappingError(self._source, "site", "both", 'either "column" or "name"')
        if rule.column is None and rule.name is None:
            patterns = self._mapping.files
            if not patterns or any("(?P<site>" not in file.pattern for file in patterns):
                expected = '"column", "name", or (?P<site>…) in every pattern of [[files]]'
                raise MappingError(self._source, "site", "no name of the site", expected)
        self._templates()
        for key, degrees, most in (
            ("site.latitude", rule.latitude, 90.0),
            ("site.longitude", rule.longitude, 180.0),
        ):
            if degrees is not None and not -most <= degrees <= most:
                raise MappingError(self._source, key, degrees, f"degrees from -{most:g} to {most:g}")

    def _templates(self) -> None:
        gateway = self._mapping.gateway.id
        for key, template in (("site.id", self._mapping.site.id), ("gateway.id", gateway)):
            if not slug(_filled(template, "a")):
                raise MappingError(self._source, key, template, "letters, digits and hyphens, or {site}")
            if "{" in template.replace("{site}", "") or "}" in template.replace("{site}", ""):
                raise MappingError(self._source, key, template, "no other placeholder than {site}")
        if GATEWAY_PATTERN.fullmatch(_filled(gateway, "a")) is None:
            raise MappingError(self._source, "gateway.id", gateway, "a-z, 0-9 and hyphens, or {site}")

    def _files(self) -> None:
        mapping = self._mapping
        if bool(mapping.files) == bool(mapping.columns):
            raise MappingError(
                self._source, "columns", "both or none", "either [[columns]] or [[files]] with columns"
            )
        for index, rule in enumerate(mapping.files):
            try:
                re.compile(rule.pattern)
            except re.error as error:
                raise MappingError(
                    self._source, f"files[{index}].pattern", rule.pattern, "a regular expression"
                ) from error
            if not rule.columns:
                raise MappingError(self._source, f"files[{index}].columns", "none", "at least one column")
            self._columns(rule.columns, f"files[{index}].columns")

    def _columns(self, rules: list[ColumnRule], key: str) -> None:
        names: set[str] = set()
        for index, rule in enumerate(rules):
            self._column(rule, f"{key}[{index}]")
            if rule.sensor_name in names:
                raise MappingError(
                    self._source, f"{key}[{index}].sensor", rule.sensor_name, "a name that no other has"
                )
            names.add(rule.sensor_name)

    def _column(self, rule: ColumnRule, key: str) -> None:
        quantity = QUANTITIES.get(rule.quantity)
        if quantity is None:
            raise MappingError(
                self._source, f"{key}.quantity", rule.quantity, f"one of {', '.join(sorted(QUANTITIES))}"
            )
        try:
            conversion(rule.unit, quantity.unit)
        except (UnknownUnitError, IncompatibleUnitError) as error:
            expected = f"one of {', '.join(units_like(quantity.unit))}"
            raise MappingError(self._source, f"{key}.unit", rule.unit, expected) from error
        name = rule.sensor_name
        if not (0 < len(name) <= _SENSOR_NAME_LENGTH_MAX and name.isprintable()):
            raise MappingError(self._source, f"{key}.sensor", name, "1 to 64 printable characters")


def _filled(template: str, site: str) -> str:
    return template.replace("{site}", site)
