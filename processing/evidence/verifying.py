"""A pack computed again from what is in it, with the installed methods and without a database.

Errors:
    UnknownMethodError: the installed software does not know how to compute the pack's indicator.
"""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from domain import evidence
from domain.assessment import Goal
from domain.evidence import BrokenPackError, sha256
from domain.indicators import Direction, Verdict
from processing.cells import sums
from processing.columns import NO_INSTANT, VALID_SHARE, HourFacts
from processing.evidence.recording import rule_set_text, rule_sets_of
from processing.indicators import discover
from processing.indicators.recipes import FactSumRecipe, FormulaRecipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from processing.columns import Floats
    from processing.indicators.recipes import Recipe

_FACT_SUM_TERMS: Final = 4
# What a value stands on, in the order in which it is compared.
_COMPARED: Final = ("value", "n", "completeness", "verdict")


class UnknownMethodError(Exception):
    """The installed software has no such indicator, or computes it in a way that packs are not made of."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"{code}: the installed Nhịp does not compute this indicator from a pack")


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that came out otherwise."""

    name: str
    told: object
    found: object


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a pack.

    Attributes:
        sha256: of the file.
        manifest: of the pack, whose hashes all held.
        recomputed: name -> what came out; without a verdict that cannot be judged again.
        differences: empty when everything is the same, bit for bit.
        method_installed: version of the installed method.
        rule_sets_changed: codes of rule sets whose installed text is another one.
    """

    sha256: str
    manifest: Mapping[str, Any]
    recomputed: Mapping[str, object]
    differences: Sequence[Difference]
    method_installed: str
    rule_sets_changed: Sequence[str]

    @property
    def identical(self) -> bool:
        """Say whether the same numbers came out."""
        return not self.differences

    @property
    def same_method(self) -> bool:
        """Say whether the installed method is the one that computed the value."""
        return bool(self.method_installed == self.manifest["value"]["method_version"])


def verify(content: bytes) -> Report:
    """Check every byte of a pack and compute its value again.

    Raises:
        BrokenPackError: it is no pack, or was changed; names the file.
        UnknownMethodError: its indicator is not known here.
    """
    files = evidence.unseal(content)
    manifest = _manifest(files[evidence.MANIFEST])
    code = manifest["indicator"]
    recipe = discover().get(code)
    if not isinstance(recipe, FactSumRecipe | FormulaRecipe):
        raise UnknownMethodError(code)
    found = _recomputed(recipe, manifest, files)
    told = manifest["value"]
    return Report(
        sha256(content),
        manifest,
        found,
        [
            Difference(name, told[name], found[name])
            for name in _COMPARED
            if name in found and not _same(told[name], found[name])
        ],
        recipe.indicator.method_version,
        _changed_rule_sets(recipe, manifest),
    )


def _manifest(content: bytes) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(content)
        known = (manifest["format"], manifest["format_version"])
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenPackError(evidence.MANIFEST, "is not the manifest of a pack") from error
    if known != (evidence.FORMAT, evidence.FORMAT_VERSION):
        raise BrokenPackError(evidence.MANIFEST, f"is of format {known}, which this version does not read")
    return manifest


def _recomputed(
    recipe: FactSumRecipe | FormulaRecipe, manifest: Mapping[str, Any], files: Mapping[str, bytes]
) -> dict[str, object]:
    if isinstance(recipe, FormulaRecipe):
        value, n, completeness = _by_formula(recipe, _rows(files, evidence.INPUTS))
    elif manifest["computed_from"] == "facts":
        value, n, completeness = _from_facts(recipe, _facts(files))
    else:
        value, n, completeness = _from_cells(recipe, _rows(files, evidence.INPUTS))
    found: dict[str, object] = {"value": _number(value), "n": n, "completeness": _number(completeness)}
    if manifest["target"] is not None:
        found["verdict"] = _verdict(manifest["target"], value, completeness)
    return found


def _rows(files: Mapping[str, bytes], name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _table(files, name).to_pylist()
    return rows


def _table(files: Mapping[str, bytes], name: str) -> Any:  # noqa: ANN401 # pyarrow has no types
    import pyarrow as pa  # noqa: PLC0415 # 100 ms that no other command needs
    import pyarrow.parquet as pq  # noqa: PLC0415 # as above

    try:
        return pq.read_table(io.BytesIO(files[name]))
    except pa.ArrowException as error:
        raise BrokenPackError(name, "is not a Parquet file") from error


def _facts(files: Mapping[str, bytes]) -> HourFacts:
    """Return the facts in the order of the pack, which is the order in which they are added up."""
    table = _table(files, evidence.FACTS)
    columns: dict[str, Any] = {}
    for field in fields(HourFacts):
        column = table[field.name]
        if str(column.type).startswith("timestamp"):
            columns[field.name] = column.cast("int64").fill_null(NO_INSTANT).to_numpy()
        elif str(column.type) == "double":
            columns[field.name] = column.fill_null(float("nan")).to_numpy()
        else:
            columns[field.name] = column.to_numpy()
    return HourFacts(**columns)


def _from_facts(recipe: FactSumRecipe, facts: HourFacts) -> tuple[float, int, float]:
    row = np.zeros(len(facts), np.int64)
    columns = (*recipe.terms(facts), *recipe.evidence(facts))
    n = int(sums(row, 1, recipe.count(facts))[0])
    return _finished(recipe, [sums(row, 1, column) for column in columns], n)


def _from_cells(recipe: FactSumRecipe, rows: Sequence[Mapping[str, Any]]) -> tuple[float, int, float]:
    """Add up shorter periods; a superseded one has no sums any more, and counts as nothing."""
    kept = [one for one in rows if one["terms"] is not None and len(one["terms"]) == _FACT_SUM_TERMS]
    row = np.zeros(len(kept), np.int64)
    columns = np.array([one["terms"] for one in kept], np.float64).reshape(-1, _FACT_SUM_TERMS)
    n = int(sums(row, 1, np.array([one["n"] for one in kept], np.int64))[0])
    return _finished(recipe, [sums(row, 1, columns[:, k]) for k in range(_FACT_SUM_TERMS)], n)


def _finished(recipe: FactSumRecipe, columns: Sequence[Floats], n: int) -> tuple[float, int, float]:
    numerator, denominator, present, asked = columns
    completeness = min(present[0] / asked[0], 1.0) if asked[0] > 0 else float("nan")
    return float(recipe.finish(numerator, denominator)[0]), n, float(completeness)


def _by_formula(recipe: FormulaRecipe, rows: Sequence[Mapping[str, Any]]) -> tuple[float, int, float]:
    by_code = {row["indicator"]: row for row in rows}
    values = {
        code: np.array([_float(by_code[code]["value"]) if code in by_code else np.nan])
        for code in recipe.inputs
    }
    n = sum(row["n"] for row in by_code.values())
    completeness = [
        _float(by_code[code]["completeness"]) if code in by_code else 0.0 for code in recipe.inputs
    ]
    value = float(np.broadcast_to(recipe.formula(values), (1,))[0])
    return value if np.isfinite(value) else float("nan"), n, float(np.fmin.reduce(completeness))


def _float(number: float | None) -> float:
    return float("nan") if number is None else number


def _number(number: float) -> float | None:
    return None if np.isnan(number) else number


def _verdict(target: Mapping[str, Any], value: float, completeness: float) -> str:
    if np.isnan(value) or not completeness >= VALID_SHARE:
        return Verdict.NO_EVIDENCE.value
    goal = Goal(Direction(target["direction"]), target["target"], target["due_year"], target["target_max"])
    return (Verdict.MET if goal.is_met_by(value) else Verdict.NOT_MET).value


def _same(told: object, found: object) -> bool:
    if isinstance(told, float) and isinstance(found, float):
        return struct.pack("<d", told) == struct.pack("<d", found)
    return told == found


def _changed_rule_sets(recipe: Recipe, manifest: Mapping[str, Any]) -> list[str]:
    told = {one["code"]: one["sha256"] for one in manifest["method"]["rule_sets"]}
    installed = {code: sha256(rule_set_text(code).encode()) for code in rule_sets_of(recipe)}
    return sorted(code for code in {*told, *installed} if told.get(code) != installed.get(code))
