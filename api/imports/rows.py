"""Checks of one row that need no database."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from api.errors import ApiError, Fault, fault
from api.imports.batch import Batch, ImportRow
from api.instants import TimeZoneUnknownError, instant_of, zone_of
from api.registration import checked_unit
from domain.periods import DEFAULT_TIME_ZONE
from domain.quantities import QUANTITIES
from domain.registry import AreaKind, SiteKind
from domain.service_accounts import RESERVED_PATTERN, is_reserved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_GATEWAY: Final = re.compile(r"[a-z0-9-]{1,64}")
_SITE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_AREA: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_NAME_LETTERS_MAX: Final = 64
_LINE_LETTERS_MAX: Final = 200
_YEAR_S: Final = 31_622_400.0
_INTEGER_MAX: Final = 2_147_483_647
REQUIRED: Final = ("gateway", "sensor", "quantity", "interval_s", "site")


class _RowError(Exception):
    """A field of a row is not what was expected."""

    def __init__(self, found: Fault) -> None:
        self.fault = found
        super().__init__(str(found))


def _text(name: str, value: object, letters_max: int = _LINE_LETTERS_MAX) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)  # a code that a spreadsheet took for a number
    if not isinstance(value, str):
        raise _RowError(fault(name, value, "text"))
    text = value.strip()
    if len(text) > letters_max or _CONTROL.search(text) or not text.isprintable():
        raise _RowError(fault(name, value, f"one line of at most {letters_max} characters"))
    return text


def _code(pattern: re.Pattern[str], expected: str) -> Callable[[str, object], str]:
    def check(name: str, value: object) -> str:
        text = _text(name, value)
        if pattern.fullmatch(text) is None:
            raise _RowError(fault(name, value, expected))
        return text

    return check


def _gateway(name: str, value: object) -> str:
    text = _code(_GATEWAY, "1 to 64 of a-z, 0-9 and -")(name, value)
    if is_reserved(text):
        raise _RowError(
            fault(name, value, f"a code other than those of the ingesters, {RESERVED_PATTERN.pattern}")
        )
    return text


def number_of(value: object) -> float | None:
    """Return a finite number, also from text with a decimal point or comma; None when it is not one."""
    if isinstance(value, str):
        text = (
            value.strip().replace(",", ".") if value.count(",") == 1 and "." not in value else value.strip()
        )
        try:
            value = float(text) if "_" not in text else None
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _number(low: float, high: float, expected: str, *, above: bool = False) -> Callable[[str, object], float]:
    def check(name: str, value: object) -> float:
        number = number_of(value)
        if number is None or not low <= number <= high or (above and number == low):
            raise _RowError(fault(name, value, expected))
        return number

    return check


def _count(name: str, value: object) -> int:
    number = number_of(value)
    if number is None or number != int(number) or not 0 <= number <= _INTEGER_MAX:
        raise _RowError(fault(name, value, "a whole number from 0 on"))
    return int(number)


def _choice(choices: Sequence[str]) -> Callable[[str, object], str]:
    known = frozenset(choices)

    def check(name: str, value: object) -> str:
        text = _text(name, value)
        if text not in known:
            raise _RowError(fault(name, value, f"one of {', '.join(choices)}"))
        return text

    return check


def _sensor_name(name: str, value: object) -> str:
    return _text(name, value, _NAME_LETTERS_MAX)


def _time_zone(name: str, value: object) -> str:
    text = _text(name, value)
    try:
        zone_of(text)
    except TimeZoneUnknownError as error:
        raise _RowError(fault(name, value, "an IANA name such as Asia/Ho_Chi_Minh")) from error
    return text


def _instant(name: str, value: object) -> str:
    text = _text(name, value)
    try:
        return instant_of(name, text, lambda: zone_of(DEFAULT_TIME_ZONE)).isoformat()
    except ApiError as error:
        raise _RowError(error.faults[0]) from error


_CHECKS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "gateway": _gateway,
    "sensor": _sensor_name,
    "quantity": _choice(tuple(QUANTITIES)),
    "unit": _text,
    "interval_s": _number(0, _YEAR_S, "seconds above 0, at most a year", above=True),
    "site": _code(_SITE, "a code of a-z, 0-9, ., _ and -, in lower case (the name goes into site_name)"),
    "area": _code(_AREA, "a code of a-z, 0-9 and -, in lower case (the name goes into area_name)"),
    "latitude": _number(-90, 90, "degrees from -90 to 90"),
    "longitude": _number(-180, 180, "degrees from -180 to 180"),
    "averaging_s": _number(0, _YEAR_S, "seconds from 0 to a year"),
    "title": _text,
    "deployed_at": _instant,
    "site_name": _text,
    "site_kind": _choice(tuple(SiteKind)),
    "customers": _count,
    "area_name": _text,
    "area_kind": _choice(tuple(AreaKind)),
    "area_parent": _code(_AREA, "the code of an area"),
    "time_zone": _time_zone,
}
COLUMNS: Final = tuple(_CHECKS)


@cache
def _unit_of(unit: str, quantity: str) -> str:
    return checked_unit(unit, quantity)


def _values_of(raw: object) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _RowError(fault("row", raw, "an object"))
    given: dict[object, object] = raw
    values: dict[str, Any] = {}
    for key, value in given.items():
        name = str(key)
        check = _CHECKS.get(name)
        if check is None:
            raise _RowError(fault(name, value, f"one of the columns {', '.join(COLUMNS)}"))
        if value not in (None, ""):
            values[name] = check(name, value)
    return values


def _checked(number: int, raw: object, seen: dict[tuple[str, str], int]) -> ImportRow:
    values = _values_of(raw)
    for name in REQUIRED:
        if not values.get(name):
            raise _RowError(fault(name, "nothing", "a value"))
    if ("latitude" in values) != ("longitude" in values):
        missing = "latitude" if "longitude" in values else "longitude"
        raise _RowError(fault(missing, "nothing", "both latitude and longitude, or neither"))
    if "unit" in values:
        values["unit"] = _unit(values["unit"], values["quantity"])
    first = seen.setdefault((values["gateway"], values["sensor"]), number)
    if first != number:
        raise _RowError(
            fault("sensor", values["sensor"], f"each sensor once; row {first} of those sent has it already")
        )
    return ImportRow(row=number, **values)


def _unit(unit: str, quantity: str) -> str:
    try:
        return _unit_of(unit, quantity)
    except ApiError as error:
        raise _RowError(error.faults[0]) from error


def checked_batch(raws: Sequence[object]) -> Batch:
    """Return the rows that are good by themselves, and the faults of the others; rows count from 1."""
    batch = Batch([])
    seen: dict[tuple[str, str], int] = {}
    for number, raw in enumerate(raws, 1):
        try:
            batch.rows.append(_checked(number, raw, seen))
        except _RowError as error:
            batch.faults[number] = error.fault
    return batch
