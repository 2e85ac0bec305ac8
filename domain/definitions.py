"""Indicators that a city defines itself, without code: what one says, and whether it can be computed.

A definition is one of three kinds: a kernel over the readings of a quantity, a formula over other indicators,
or a weighted mean of other indicators.

Errors:
    DefinitionError: a definition that cannot be taken; every fault names its field.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from domain.expressions import names_in, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.indicators import Direction, SubjectKind
    from domain.periods import Period
    from domain.text import Text

METHOD_PREFIX: Final = "user-"
VALID_SHARE_DEFAULT: Final = 0.75
_FOUND_MAX: Final = 100


class Fault(NamedTuple):
    """One field that is wrong."""

    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.field}: found {self.found}, expected {self.expected}"


class DefinitionError(ValueError):
    """A definition that cannot be taken."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(each) for each in self.faults))


class Known(NamedTuple):
    """An indicator that exists: what it speaks of, and what it reads if a city defined it."""

    subject_kinds: tuple[SubjectKind, ...]
    periods: tuple[Period, ...]
    defined: bool = False
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """An indicator that a city defined.

    Exactly one of `kernel` (with `quantity`), `formula` and `weights` is set.

    Made by `domain.definition_checks.check`.

    Attributes:
        code: lower case, not that of an indicator that the platform brings.
        title: what people call it.
        unit: UCUM code.
        service: a `Service`, or "all".
        direction: which way is better.
        periods: over which periods.
        subject_kinds: what it is computed for.
        source: the document that asks for it.
        quantity: whose readings the kernel reads.
        kernel: key of `domain.kernel_rules.KERNELS`.
        parameters: of the kernel: numbers, `states`, `above`.
        roll_up: key of `domain.kernel_rules.ROLL_UPS`.
        completeness_share: least share of what was expected for a value to be published.
        formula: text of `domain.expressions`.
        weights: code of an indicator -> weight in the mean.
    """

    code: str
    title: Text
    unit: str
    service: str
    direction: Direction
    periods: tuple[Period, ...]
    subject_kinds: tuple[SubjectKind, ...]
    source: str
    quantity: str | None = None
    kernel: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    roll_up: str = "pooled"
    completeness_share: float = VALID_SHARE_DEFAULT
    formula: str | None = None
    weights: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def inputs(self) -> tuple[str, ...]:
        """Codes of the indicators that it reads."""
        if self.formula is not None:
            return names_in(parse(self.formula))
        return tuple(self.weights)

    def body(self) -> dict[str, Any]:
        """Return the definition as it is stored: what the check takes, every default written out."""
        common: dict[str, Any] = {
            "code": self.code,
            "title": {"vi": self.title.vi, "en": self.title.en},
            "unit": self.unit,
            "service": self.service,
            "direction": self.direction.value,
            "periods": [period.value for period in self.periods],
            "subjects": [kind.value for kind in self.subject_kinds],
            "source": self.source,
        }
        if self.formula is not None:
            return common | {"formula": self.formula}
        if self.weights:
            return common | {"weights": dict(self.weights)}
        return common | {
            "quantity": self.quantity,
            "kernel": self.kernel,
            "parameters": dict(self.parameters),
            "roll_up": self.roll_up,
            "completeness_share": self.completeness_share,
        }


def read(text: str, name: str) -> dict[str, Any]:
    """Return the body that a file holds: JSON if it is named so, else TOML.

    Raises:
        DefinitionError: the text is neither.
    """
    try:
        body = json.loads(text) if name.lower().endswith(".json") else tomllib.loads(text)
    except ValueError as error:
        kind = "JSON" if name.lower().endswith(".json") else "TOML"
        raise DefinitionError([Fault("file", str(error), f"a definition in {kind}")]) from error
    if not isinstance(body, dict):
        raise DefinitionError([Fault("file", shown(body), "an object with the fields of a definition")])
    return body


def shown(value: object) -> str:
    """Return a short form of what was found."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _FOUND_MAX else text[: _FOUND_MAX - 1] + "…"


def cycle_of(code: str, inputs_of: Mapping[str, Sequence[str]]) -> tuple[str, ...] | None:
    """Return the shortest way from an indicator back to itself through what it reads, or None."""
    ways: list[tuple[str, ...]] = [(code,)]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for one in inputs_of.get(way[-1], ()):
            if one == code:
                return (*way, code)
            if one not in seen:
                seen.add(one)
                ways.append((*way, one))
    return None
