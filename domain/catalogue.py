"""Catalogues of international sets of indicators: what each asks for, and what the platform gives of it.

A catalogue is a TOML file of `domain.catalogues`, typed in from a text that says how far it was confirmed, so
everything that can be wrong with it is checked when it is read.

Errors:
    CatalogueError: a file is not what it should be; says which entry and why.
    UnknownCatalogueError: there is no catalogue of that code.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeVar

from domain.periods import Period
from domain.text import Text

_PACKAGE: Final = "domain.catalogues"
_TRUSTS: Final = ("verified", "secondary", "recalled")
_TEXTS: Final = ("title", "formula", "needs", "missing", "notes")


class CatalogueError(ValueError):
    """A catalogue that cannot be used."""

    def __init__(self, file: str, entry: str, fault: str) -> None:
        self.file = file
        self.entry = entry
        self.fault = fault
        super().__init__(f"catalogue {file}, {entry}: {fault}")


class UnknownCatalogueError(ValueError):
    """No catalogue has this code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"catalogue: found {code!r}, expected one of {', '.join(catalogue_codes())}")


class Given(StrEnum):
    """How much of an entry the platform gives."""

    WHOLE = "whole"
    PART = "part"
    NOTHING = "nothing"


GIVEN_TITLES: Final = {
    Given.WHOLE: Text("có", "given"),
    Given.PART: Text("một phần", "in part"),
    Given.NOTHING: Text("chưa có", "not given"),
}
TRUST_TITLES: Final = {
    "verified": Text("đã kiểm chứng", "verified"),
    "secondary": Text("nguồn thứ cấp", "secondary source"),
    "recalled": Text("nhớ lại, chưa đối chiếu", "recalled, not compared with the text"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One indicator of a set.

    Attributes:
        code: as the set names it.
        title: what the set calls it.
        unit: UCUM code of what the set asks for, or as near to one as its unit comes.
        formula: in words.
        trust: "verified", "secondary" or "recalled": how far title and formula were confirmed.
        source: the text, with its page where known.
        indicators: codes of ours that give it; several where the set asks for several numbers under one code.
        period: over which ours is looked up, of the area; None without an indicator.
        needs: what must be measured or typed in first.
        missing: why it is not given, or what is lacking; None where it is given whole.
    """

    code: str
    title: Text
    unit: str
    formula: Text
    trust: str
    source: str
    indicators: tuple[str, ...] = ()
    period: Period | None = None
    needs: Text | None = None
    missing: Text | None = None

    @property
    def given(self) -> Given:
        """Return how much of it the platform gives."""
        if not self.indicators:
            return Given.NOTHING
        return Given.WHOLE if self.missing is None else Given.PART


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A set of indicators.

    Attributes:
        code: stable identifier.
        version: of what was typed in; changes with every change.
        valid_from: first day of the set itself.
        title: what people call it.
        source: the text it was typed in from.
        notes: what a reader must know.
        entries: in the order of the set.
    """

    code: str
    version: str
    valid_from: date
    title: Text
    source: str
    notes: Text
    entries: tuple[Entry, ...]

    def count(self, given: Given) -> int:
        """Return how many entries are given so far."""
        return sum(entry.given is given for entry in self.entries)


_Kind = TypeVar("_Kind", Catalogue, Entry)


def catalogue_codes() -> list[str]:
    """Return the codes of all catalogues."""
    names = [entry.name for entry in files(_PACKAGE).iterdir()]
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


@cache
def catalogue(code: str) -> Catalogue:
    """Return a catalogue.

    Raises:
        UnknownCatalogueError: there is none of this code.
        CatalogueError: its file is not what it should be.
    """
    if code not in catalogue_codes():
        raise UnknownCatalogueError(code)
    file = f"{code}.toml"
    found = parse(file, (files(_PACKAGE) / file).read_text(encoding="utf-8"))
    if found.code != code:
        raise CatalogueError(file, "code", f"found {found.code!r}, expected {code!r}")
    return found


def parse(file: str, text: str) -> Catalogue:
    """Return the catalogue that `text` (TOML) describes; `file` is named in errors.

    Raises:
        CatalogueError: the text is not TOML, or an entry is wrong.
    """
    try:
        body = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(file, "file", str(error)) from error
    rows = body.pop("entries", [])
    entries = tuple(_entry(file, row) for row in rows)
    codes = [entry.code for entry in entries]
    for code in codes:
        if codes.count(code) > 1:
            raise CatalogueError(file, code, "is there twice")
    if not isinstance(body.get("valid_from"), date) or not entries:
        raise CatalogueError(file, "catalogue", "needs a day valid_from and at least one entry")
    return _read(file, "catalogue", Catalogue, body | {"entries": entries})


def _entry(file: str, row: dict[str, Any]) -> Entry:
    name = str(row.get("code", "entry without code"))
    row = row | {"indicators": tuple(row.get("indicators", ()))}
    if "period" in row:
        if row["period"] not in set(Period):
            raise CatalogueError(file, name, f"period is {row['period']!r}, expected {', '.join(Period)}")
        row["period"] = Period(row["period"])
    entry = _read(file, name, Entry, row)
    if entry.trust not in _TRUSTS:
        raise CatalogueError(file, name, f"trust is {entry.trust!r}, expected {', '.join(_TRUSTS)}")
    if bool(entry.indicators) != (entry.period is not None):
        raise CatalogueError(file, name, "indicators and period belong together")
    if not entry.indicators and entry.missing is None:
        raise CatalogueError(file, name, "without indicators it must say what is missing")
    return entry


def _read(file: str, name: str, kind: type[_Kind], row: dict[str, Any]) -> _Kind:
    """Return the object of a table whose keys must be the fields of its kind."""
    known = {one.name: one for one in fields(kind)}
    unknown = sorted(row.keys() - known.keys())
    if unknown:
        raise CatalogueError(file, name, f"{unknown[0]} is no field, expected {', '.join(known)}")
    made = {key: _text(file, name, key, value) for key, value in row.items()}
    try:
        return kind(**made)
    except TypeError as error:  # a field without default is absent
        raise CatalogueError(file, name, str(error)) from error


def _text(file: str, name: str, key: str, value: Any) -> Any:  # noqa: ANN401 # any value of TOML
    """Return a pair of texts as Text, anything else as it is; nothing may be empty."""
    if key in _TEXTS:
        if not isinstance(value, dict) or value.keys() != {"vi", "en"} or not all(value.values()):
            raise CatalogueError(file, name, f"{key} needs a text in vi and in en")
        return Text(**value)
    if value == "":
        raise CatalogueError(file, name, f"{key} is empty")
    return value
