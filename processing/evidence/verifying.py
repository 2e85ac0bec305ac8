"""A pack computed again from what is in it, with the installed methods and without a database.

Errors:
    UnknownMethodError: the installed software does not know how to compute the pack's indicator.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from domain import evidence
from domain.assessment import Goal
from domain.evidence import BrokenPackError, sha256
from domain.indicators import Direction, Verdict
from processing.columns import VALID_SHARE
from processing.defined.stored import Stored, compiled
from processing.evidence.contents import Contents
from processing.evidence.from_facts import fact_sum_value, formula_value, history_value
from processing.evidence.from_interruptions import interruption_value
from processing.evidence.from_readings import readings_value
from processing.evidence.from_stations import series_value
from processing.evidence.recording import rule_set_text, rule_sets_of
from processing.indicators import discover
from processing.indicators.recipes import (
    FactSumRecipe,
    FormulaRecipe,
    InterruptionRecipe,
    ReadingsRecipe,
    SiteSeriesRecipe,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from processing.indicators.recipes import Recipe

# What a value stands on, in the order in which it is compared.
_COMPARED: Final = ("value", "n", "completeness", "verdict", "limit", "responsible", "note")


class UnknownMethodError(Exception):
    """The installed software has no such indicator, and the pack brings none."""

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
    found, differences = compared(manifest, files)
    recipe = _recipe(manifest)
    return Report(
        sha256(content),
        manifest,
        found,
        differences,
        recipe.indicator.method_version,
        _changed_rule_sets(recipe, manifest),
    )


def compared(
    manifest: Mapping[str, Any], files: Mapping[str, bytes]
) -> tuple[dict[str, object], list[Difference]]:
    """Return what comes out of tables, and where that is not what the manifest says.

    Args:
        manifest: of a pack.
        files: the tables of the pack, name -> content.

    Raises:
        BrokenPackError: a table is absent, or none.
        UnknownMethodError: the indicator is not known here.
    """
    found = _recomputed(_recipe(manifest), Contents(manifest, files))
    told = manifest["value"]
    return found, [
        Difference(name, told[name], found[name])
        for name in _COMPARED
        if name in found and not _same(told[name], found[name])
    ]


def _manifest(content: bytes) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(content)
        known = (manifest["format"], manifest["format_version"])
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenPackError(evidence.MANIFEST, "is not the manifest of a pack") from error
    if known != (evidence.FORMAT, evidence.FORMAT_VERSION):
        raise BrokenPackError(evidence.MANIFEST, f"is of format {known}, which this version does not read")
    return manifest


def _recipe(manifest: Mapping[str, Any]) -> Recipe:
    """Return how the pack's indicator is computed here; one of a city's own comes with the pack.

    Raises:
        UnknownMethodError: it is neither.
    """
    code = manifest["indicator"]
    defined = compiled([Stored(**one) for one in manifest["method"].get("definitions", ())])
    recipe = defined.get(code) or discover().get(code)
    if recipe is None:
        raise UnknownMethodError(code)
    return recipe


def _recomputed(recipe: Recipe, pack: Contents) -> dict[str, object]:
    found = dict(_by_family(recipe, pack))
    told = pack.manifest
    # What brings no verdict of its own is judged against the target of the city.
    if told["target"] is not None and "verdict" not in found:
        found["verdict"] = _verdict(told["target"], _float(found["value"]), _float(found["completeness"]))
    return found


def _by_family(recipe: Recipe, pack: Contents) -> Mapping[str, object]:
    if isinstance(recipe, SiteSeriesRecipe):
        return series_value(recipe, pack)
    if isinstance(recipe, ReadingsRecipe):
        return readings_value(recipe, pack)
    if isinstance(recipe, InterruptionRecipe):
        return interruption_value(recipe, pack)
    if isinstance(recipe, FactSumRecipe):
        return fact_sum_value(recipe, pack)
    return formula_value(recipe, pack) if isinstance(recipe, FormulaRecipe) else history_value(recipe, pack)


def _float(one: object) -> float:
    return one if isinstance(one, float) else float("nan")


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
