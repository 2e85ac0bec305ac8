"""Whether what somebody wrote is a definition of an indicator, and if not, which fields are wrong and how."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from domain.definitions import (
    VALID_SHARE_DEFAULT,
    Definition,
    DefinitionError,
    Fault,
    Known,
    cycle_of,
    shown,
)
from domain.expressions import FUNCTIONS, FormulaError, names_in, parse
from domain.indicators import Direction, SubjectKind
from domain.kernel_rules import KERNELS, ROLL_UPS, KernelRule
from domain.periods import Period
from domain.quantities import QUANTITIES, Service
from domain.text import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_CODE: Final = re.compile(r"[a-z][a-z0-9_]{2,63}")
_WORDS_MAX: Final = 500
_UNIT_MAX: Final = 40
_INPUTS_MAX: Final = 50
_STATES_MAX: Final = 64
_COMMON: Final = ("code", "title", "unit", "service", "direction", "periods", "subjects", "source")
_OF_READINGS: Final = ("quantity", "kernel", "parameters", "roll_up", "completeness_share")


def check(body: Mapping[str, Any], known: Mapping[str, Known]) -> Definition:
    """Return the definition that a body says.

    Args:
        body: as read from TOML or JSON.
        known: indicators that exist; an earlier version of this one may be among them.

    Raises:
        DefinitionError: with every fault that could be told.
    """
    return _Checker(body, known).definition()


class _Checker:
    """One look at a body, with all faults collected."""

    def __init__(self, body: Mapping[str, Any], known: Mapping[str, Known]) -> None:
        self._body = body
        self._known = known
        self._faults: list[Fault] = []

    def definition(self) -> Definition:
        kinds = [name for name in ("kernel", "formula", "weights") if name in self._body]
        self._refuse_unknown(kinds)
        code = self._code()
        common: dict[str, Any] = {
            "code": code,
            "title": self._title(),
            "unit": self._words("unit", _UNIT_MAX),
            "service": self._one_of("service", ("all", *(str(each) for each in Service))),
            "direction": self._one_of("direction", tuple(str(each) for each in Direction)),
            "source": self._words("source", _WORDS_MAX),
        }
        if kinds == ["kernel"]:
            own = self._of_readings(common["unit"])
        elif len(kinds) == 1:
            own = self._of_indicators(code, kinds[0])
        else:
            own = {}
            found = " and ".join(kinds) or "none of them"
            self._fault("kernel", found, "exactly one of kernel, formula and weights", as_is=True)
        if self._faults:
            raise DefinitionError(self._faults)
        common["direction"] = Direction(common["direction"])
        return Definition(**common, **own)

    def _fault(self, name: str, found: object, expected: str, *, as_is: bool = False) -> None:
        self._faults.append(Fault(name, str(found) if as_is else shown(found), expected))

    def _refuse_unknown(self, kinds: Sequence[str]) -> None:
        allowed = (*_COMMON, *(_OF_READINGS if kinds == ["kernel"] else ()), *kinds)
        for name in self._body:
            if name not in allowed and name not in (*_OF_READINGS, "formula", "weights"):
                self._fault(name, "a field that is not known", f"one of {', '.join(allowed)}", as_is=True)
            elif name not in allowed and len(kinds) == 1:
                self._fault(name, self._body[name], f"no {name} in a definition with {kinds[0]}")

    def _code(self) -> str:
        code = self._body.get("code")
        expected = "3 to 64 lower-case letters, digits and _, a letter first"
        if not isinstance(code, str) or not _CODE.fullmatch(code) or code in FUNCTIONS:
            self._fault("code", code, expected)
            return ""
        held = self._known.get(code)
        if held is not None and not held.defined:
            self._fault("code", code, "a code that no indicator of the platform has")
        return code

    def _words(self, name: str, most: int) -> str:
        return self._text(name, self._body.get(name), most)

    def _text(self, name: str, value: object, most: int) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > most or not value.isprintable():
            self._fault(name, value, f"a line of 1 to {most} characters")
            return ""
        return value.strip()

    def _title(self) -> Text:
        title = self._body.get("title")
        if not isinstance(title, dict) or set(title) != {"vi", "en"}:
            self._fault("title", title, "a table with vi and en")
            return Text("", "")
        return Text(*(self._text(f"title.{key}", title[key], _WORDS_MAX) for key in ("vi", "en")))

    def _one_of(self, name: str, allowed: Collection[str]) -> str:
        value = self._body.get(name)
        if not isinstance(value, str) or value not in allowed:
            self._fault(name, value, f"one of {', '.join(allowed)}")
            return ""
        return value

    def _some_of(self, name: str, allowed: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
        values = self._body.get(name, list(default))
        if (
            not isinstance(values, list)
            or not values
            or any(not isinstance(each, str) or each not in allowed for each in values)
        ):
            self._fault(name, values, f"a list of some of {', '.join(allowed) or 'nothing'}")
            return ()
        return tuple(each for each in allowed if each in values)

    def _number(self, name: str, value: object, low: float, high: float) -> float:
        if (
            not isinstance(value, (int, float))
            or isinstance(value, bool)
            or not math.isfinite(value)
            or not low <= value <= high
        ):
            bounds = (
                "" if (low, high) == (-math.inf, math.inf)
                else f" from {low:g}" if high == math.inf else f" from {low:g} to {high:g}"
            )  # fmt: skip
            self._fault(name, value, f"a number{bounds}")
            return math.nan
        return float(value)

    def _of_readings(self, unit: str) -> dict[str, Any]:
        quantity = self._one_of("quantity", tuple(QUANTITIES))
        kernel = self._one_of("kernel", tuple(KERNELS))
        roll_up = self._body.get("roll_up", "pooled")
        share = self._body.get("completeness_share", VALID_SHARE_DEFAULT)
        share = self._number("completeness_share", share, 0.0, 1.0)
        parameters: dict[str, Any] = {}
        if kernel:
            rule = KERNELS[kernel]
            parameters = self._parameters(rule)
            self._check_roll_up(kernel, rule, roll_up)
            if quantity:
                self._check_quantity(kernel, rule, quantity, unit)
        subjects = [SubjectKind.SENSOR.value]
        if roll_up != "none":
            subjects.append(SubjectKind.AREA.value)
        return {
            "quantity": quantity,
            "kernel": kernel,
            "parameters": parameters,
            "roll_up": roll_up,
            "completeness_share": share,
            "periods": self._periods(tuple(Period)),
            "subject_kinds": self._subjects(tuple(SubjectKind(each) for each in subjects)),
        }

    def _check_roll_up(self, kernel: str, rule: KernelRule, roll_up: object) -> None:
        allowed = [each for each in ROLL_UPS if rule.adds or each != "sum"]
        if not isinstance(roll_up, str) or roll_up not in allowed:
            self._fault("roll_up", roll_up, f"one of {', '.join(allowed)} for {kernel}")

    def _check_quantity(self, kernel: str, rule: KernelRule, code: str, unit: str) -> None:
        quantity = QUANTITIES[code]
        if quantity.kind not in rule.kinds:
            expected = f"a {' or '.join(sorted(rule.kinds))} for {kernel}"
            self._fault("quantity", f"{code}, a {quantity.kind}", expected, as_is=True)
        units = rule.units or (quantity.unit,)
        if unit and unit not in units:
            self._fault("unit", unit, f"{' or '.join(units)} for {kernel} of {code}")

    def _parameters(self, rule: KernelRule) -> dict[str, Any]:
        given = self._body.get("parameters", {})
        if not isinstance(given, dict):
            self._fault("parameters", given, "a table of numbers by name")
            return {}
        allowed = [*rule.numbers, *(["states"] if rule.states else []), *(["above"] if rule.ways else [])]
        for name in given:
            if name not in allowed:
                expected = f"one of {', '.join(allowed)}" if allowed else "no parameters for this kernel"
                self._fault(f"parameters.{name}", given[name], expected)
        found: dict[str, Any] = {
            name: self._number(f"parameters.{name}", given.get(name, one.default), one.minimum, one.maximum)
            for name, one in rule.numbers.items()
        }
        if rule.states:
            found["states"] = self._states(given.get("states"))
        if rule.ways:
            found["above"] = given.get("above", True)
            if not isinstance(found["above"], bool):
                self._fault("parameters.above", found["above"], "true or false")
        return found

    def _states(self, states: object) -> list[int]:
        if (
            not isinstance(states, list)
            or not 0 < len(states) <= _STATES_MAX
            or any(not isinstance(each, int) or isinstance(each, bool) for each in states)
            or len(set(states)) < len(states)
        ):
            self._fault("parameters.states", states, f"a list of 1 to {_STATES_MAX} distinct whole numbers")
            return []
        return sorted(states)

    def _of_indicators(self, code: str, kind: str) -> dict[str, Any]:
        own: dict[str, Any] = (
            {"formula": self._body["formula"]} if kind == "formula" else {"weights": self._weights()}
        )
        inputs = self._formula_inputs() if kind == "formula" else tuple(own["weights"])
        for one in inputs:
            if one not in self._known and one != code:
                self._fault(kind, one, "the code of an indicator")
        self._check_cycle(code, kind, inputs)
        held = [self._known[one] for one in inputs if one in self._known]
        common_periods = tuple(each for each in Period if all(each in one.periods for one in held))
        common_kinds = tuple(each for each in SubjectKind if all(each in one.subject_kinds for one in held))
        if held and not (common_periods and common_kinds):
            expected = "indicators with a period and a kind of subject in common"
            self._fault(kind, ", ".join(inputs), expected)
            return own
        return own | {
            "periods": self._periods(common_periods),
            "subject_kinds": self._subjects(common_kinds),
        }

    def _formula_inputs(self) -> tuple[str, ...]:
        text = self._body["formula"]
        if not isinstance(text, str):
            self._fault("formula", text, "a formula as text")
            return ()
        try:
            inputs = names_in(parse(text))
        except FormulaError as error:
            where = f"{error.found} at character {error.position}"
            self._fault("formula", where, error.expected, as_is=True)
            return ()
        if not 0 < len(inputs) <= _INPUTS_MAX:
            self._fault("formula", f"{len(inputs)} codes", f"1 to {_INPUTS_MAX} codes", as_is=True)
        return inputs

    def _weights(self) -> dict[str, float]:
        weights = self._body["weights"]
        if not isinstance(weights, dict) or not 0 < len(weights) <= _INPUTS_MAX:
            self._fault("weights", weights, f"a table of 1 to {_INPUTS_MAX} weights by code")
            return {}
        found = {
            str(one): self._number(f"weights.{one}", each, 0.0, math.inf) for one, each in weights.items()
        }
        if found and not sum(found.values()) > 0 and not any(map(math.isnan, found.values())):
            self._fault("weights", weights, "weights with a sum above 0")
        return found

    def _check_cycle(self, code: str, kind: str, inputs: tuple[str, ...]) -> None:
        graph = {one: held.inputs for one, held in self._known.items()} | {code: inputs}
        cycle = cycle_of(code, graph)
        if cycle is not None:
            self._fault(kind, "the cycle " + " -> ".join(cycle), "no indicator that reads itself", as_is=True)

    def _periods(self, possible: Sequence[Period]) -> tuple[Period, ...]:
        if not possible:
            return ()
        found = self._some_of("periods", [each.value for each in possible], [each.value for each in possible])
        return tuple(Period(each) for each in found)

    def _subjects(self, possible: Sequence[SubjectKind]) -> tuple[SubjectKind, ...]:
        if not possible:
            return ()
        codes = [each.value for each in possible]
        return tuple(SubjectKind(each) for each in self._some_of("subjects", codes, codes))
