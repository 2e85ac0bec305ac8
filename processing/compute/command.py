"""One run of `nhip compute`: a code and files in, items out."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from domain.periods import DEFAULT_TIME_ZONE, Period
from processing.compute.errors import InputError, NothingToComputeError, ParameterError, UnknownCodeError
from processing.compute.events import read_events
from processing.compute.families import computed
from processing.compute.hours import Rules
from processing.compute.inputs import Inputs, input_codes
from processing.compute.readings import Reader, Wanted
from processing.compute.sources import opened
from processing.compute.times import TimeReader
from processing.compute.zones import zone_of
from processing.indicators import discover, find
from processing.indicators.recipes import InterruptionRecipe, ReadingsRecipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from processing.compute.readings import Series
    from processing.indicators.recipes import Recipe

KERNEL_PREFIX: Final = "kernel."
# What every indicator of sensors understands beside its own parameters.
RULES: Final = {
    "averaging_s": "length of the time that a reading speaks of, in seconds (default 0)",
    "liveness_intervals": "how many intervals a good reading proves life (default 2)",
    "max_gap_intervals": "how many intervals a value holds at most (default 3)",
    "stamp_offset_s": "added to every stamp; -3600 for hourly means labelled by their ends (default 0)",
}
# Smallest and largest of the rules, as in the settings of the service.
_BOUNDS: Final = {
    "averaging_s": (0.0, 31_622_400.0),
    "stamp_offset_s": (-86_400.0, 86_400.0),
    "liveness_intervals": (0.001, 100.0),
    "max_gap_intervals": (0.001, 1000.0),
}
_INTERVAL_S_MIN: Final = 0.001
_INTERVAL_S_MAX: Final = 31_622_400.0
_PLANNED: Final = ("include", "exclude", "only")


@dataclass(frozen=True, slots=True)
class Request:
    """What the user typed.

    Attributes:
        code: of an indicator, or `kernel.NAME`.
        files: of readings.
        period: None for all that the indicator has; for a kernel: the whole series.
        zone: local time.
        parameters: name -> text.
        events: file of interruptions.
        customers: customers served.
        interval_s: expected distance of readings; None: the median step of each sensor.
        taken: reads files in another way (a replay mapping) and hands over their readings.
        definition: file of a user-defined indicator, which takes the place of `code`.
    """

    code: str
    files: tuple[Path, ...] = ()
    period: Period | None = None
    zone: str = DEFAULT_TIME_ZONE
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    events: Path | None = None
    customers: float | None = None
    interval_s: float | None = None
    taken: Callable[[Reader, Path], None] | None = None
    definition: Path | None = None


def compute_request(request: Request) -> dict[str, Any]:
    """Return {"indicator", "items", "inputs"} as JSON-able objects.

    Raises:
        ComputeError: something that the user can put right.
    """
    if request.interval_s is not None and not _INTERVAL_S_MIN <= request.interval_s <= _INTERVAL_S_MAX:
        expected = f"seconds from {_INTERVAL_S_MIN:g} to {_INTERVAL_S_MAX:g}"
        raise ParameterError("interval_s", request.interval_s, expected)
    if request.code.startswith(KERNEL_PREFIX):
        from processing.compute.running import run_kernel  # noqa: PLC0415 # only when asked for

        return run_kernel(request)
    if request.definition is not None:
        from processing.defined import load  # noqa: PLC0415 # only when asked for

        return indicator_items(load(request.definition), discover(), request)
    recipe = find(request.code)
    if recipe is None:
        raise UnknownCodeError(request.code, _near(request.code, discover()))
    return indicator_items(recipe, _read_by(recipe), request)


def indicator_items(recipe: Recipe, recipes: Mapping[str, Recipe], request: Request) -> dict[str, Any]:
    """Return the items of one indicator.

    Args:
        recipe: of the indicator; need not be among `recipes`.
        recipes: where its inputs are looked up.
        request: what the user typed.
    """
    periods = _periods(recipe, request.period)
    zone = zone_of(request.zone)
    reader = read(request, Wanted())
    numbers, planned = _parameters(recipe, recipes, request.parameters)
    rules = Rules(
        request.interval_s,
        numbers.pop("averaging_s", 0.0),
        numbers.pop("liveness_intervals", 2.0),
        numbers.pop("max_gap_intervals", 3.0),
    )
    times = TimeReader(zone)
    inputs = Inputs(
        _moved(reader.series(), numbers.pop("stamp_offset_s", 0.0)),
        zone,
        rules,
        numbers,
        None if request.events is None else read_events(request.events, times),
        request.customers,
        planned,
    )
    if not inputs.series and inputs.events is None:
        raise NothingToComputeError(recipe.indicator.code, "no readings", "a file with readings")
    items = [item for values in computed(recipe, recipes, inputs, periods) for item in values.items(zone)]
    return {"indicator": recipe.indicator.code, "items": items, "inputs": reader.account.as_dict()}


def _moved(series: Sequence[Series], seconds: float) -> list[Series]:
    """Return the sensors with their stamps moved: a platform's stamp is the start of what it speaks of."""
    return [replace(one, ts=one.ts + round(seconds * 1e6)) for one in series]


def read(request: Request, wanted: Wanted) -> Reader:
    """Return what the files hold.

    Raises:
        InputError: a file cannot be read.
    """
    reader = Reader(TimeReader(zone_of(request.zone)), wanted)
    for path in request.files:
        if request.taken is not None:
            request.taken(reader, path)
        else:
            reader.take(opened(path))
    return reader


def leaves(recipe: Recipe, recipes: Mapping[str, Recipe]) -> Iterator[Recipe]:
    """Yield a recipe and all that it is computed from."""
    waiting, seen = [recipe], set[str]()
    while waiting:
        one = waiting.pop()
        if one.indicator.code in seen:
            continue
        seen.add(one.indicator.code)
        yield one
        waiting += [recipes[code] for code in input_codes(one) if code in recipes]


def _read_by(recipe: Recipe) -> dict[str, Recipe]:
    """Return a recipe and all that it is computed from, by code; no other indicator is imported."""
    found: dict[str, Recipe] = {}
    waiting = [recipe]
    while waiting:
        one = waiting.pop()
        found[one.indicator.code] = one
        inputs = (find(code) for code in input_codes(one) if code not in found)
        waiting += [other for other in inputs if other is not None]
    return found


def _periods(recipe: Recipe, asked: Period | None) -> Sequence[Period]:
    periods = recipe.indicator.periods
    if asked is None:
        return periods
    if asked not in periods:
        raise ParameterError(
            "period", asked.value, f"one of {', '.join(periods)} for {recipe.indicator.code}"
        )
    return (asked,)


def _parameters(
    recipe: Recipe, recipes: Mapping[str, Recipe], typed: Mapping[str, str]
) -> tuple[dict[str, float], str]:
    """Return the parameters as numbers, and which planned interruptions count."""
    parts = list(leaves(recipe, recipes))
    known = {one.name for part in parts if isinstance(part, ReadingsRecipe) for one in part.parameters}
    known |= RULES.keys()
    supplies = any(isinstance(part, InterruptionRecipe) for part in parts)
    if supplies:
        known.add("planned")
    numbers: dict[str, float] = {}
    for name, text in typed.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise ParameterError(name, text, f"one of {', '.join(sorted(known))}{hint}")
        if name != "planned":
            numbers[name] = number_of(name, text)
            low, high = _BOUNDS.get(name, (-math.inf, math.inf))
            if not low <= numbers[name] <= high:
                raise ParameterError(name, text, f"a number from {low:g} to {high:g}")
    planned = typed.get("planned", "include") if supplies else "include"
    if planned not in _PLANNED:
        raise ParameterError("planned", planned, f"one of {', '.join(_PLANNED)}")
    return numbers, planned


def number_of(name: str, text: str) -> float:
    """Return a parameter's number.

    Raises:
        ParameterError: it is none.
    """
    try:
        found = float(text)
    except ValueError as error:
        raise ParameterError(name, text, "a number") from error
    if not math.isfinite(found):
        raise ParameterError(name, text, "a finite number")
    return found


def _near(code: str, recipes: Mapping[str, Recipe]) -> list[str]:
    from processing.compute.catalogue import KERNELS  # noqa: PLC0415 # only for the hint

    names = [*recipes, *(KERNEL_PREFIX + name for name in KERNELS)]
    return difflib.get_close_matches(code, names, 2) or difflib.get_close_matches(
        KERNEL_PREFIX + code, names, 2
    )


__all__ = ["InputError", "Request", "compute_request", "indicator_items", "leaves", "read"]
