"""What every indicator is at the moment, written down: definition, family, rule sets, rules, software.

A value outlives the software that computed it. So the engine writes how it computes when it starts, and only
what differs from what was written last.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from domain.evidence import sha256
from domain.software import software
from processing.context import recipes_in_force
from processing.indicators.recipes import (
    FactSumRecipe,
    FormulaRecipe,
    HistoryRecipe,
    InterruptionRecipe,
    ReadingsRecipe,
    SiteSeriesRecipe,
)
from processing.ordering import inputs_of
from store import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

    import psycopg
    from psycopg.rows import TupleRow

    from processing.indicators.recipes import Recipe
    from processing.settings import ProcessingSettings

FAMILIES: Final = {
    FactSumRecipe: "fact_sum",
    SiteSeriesRecipe: "site_series",
    InterruptionRecipe: "interruption",
    ReadingsRecipe: "readings",
    FormulaRecipe: "formula",
    HistoryRecipe: "history",
}
# The quantity that feeders report, and the indicator whose terms say for how long their state is known.
_SUPPLY: Final = ("supply_state",)
_KNOWN_BY: Final = "availability"
_INDICATORS: Final = "processing.indicators"
_FOLLOWED: Final = ("processing.indicators.", "processing.rulesets.")


def record_methods(
    connection: psycopg.Connection[TupleRow], recipes: Iterable[Recipe], settings: ProcessingSettings
) -> None:
    """Write how the recipes compute from now on, and the rule sets that they use.

    Args:
        connection: in the transaction of the caller.
        recipes: all that are computed.
        settings: whose rules every sensor shares.
    """
    found = list(recipes)
    defined = _definitions(connection)
    for code in sorted({code for recipe in found for code in rule_sets_of(recipe)}):
        text = rule_set_text(code)
        connection.execute(
            statement("processing", "insert_rule_set_text"),
            {"sha256": sha256(text.encode()), "code": code, "content": text},
        )
    connection.execute(
        statement("processing", "insert_methods"),
        {
            "indicators": [recipe.indicator.code for recipe in found],
            "method_versions": [recipe.indicator.method_version for recipe in found],
            "contents": [
                json.dumps(
                    method_of(recipe, settings) | {"definitions": _read_by(recipe.indicator.code, defined)},
                    ensure_ascii=False,
                    sort_keys=True,
                )
                for recipe in found
            ],
        },
    )


def _definitions(connection: psycopg.Connection[TupleRow]) -> dict[str, dict[str, Any]]:
    """Return code -> what the city itself defines, as `nhip verify` makes recipes of it again."""
    rows = connection.execute(statement("processing", "select_definitions")).fetchall()
    return {code: {"code": code, "version": version, "body": body} for code, version, body in rows}


def _read_by(code: str, defined: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the definition of an indicator and all those that it stands on; none for one of the platform."""
    recipes = recipes_in_force()
    waiting, found = [code], dict[str, dict[str, Any]]()
    while waiting:
        one = waiting.pop()
        if one in defined and one not in found:
            found[one] = defined[one]
            waiting += inputs_of(recipes[one]) if one in recipes else ()
    return [found[one] for one in sorted(found)]


def method_of(recipe: Recipe, settings: ProcessingSettings) -> dict[str, Any]:
    """Return what is recorded of a recipe, ready for JSON."""
    indicator = recipe.indicator
    return {
        "definition": {
            "code": indicator.code,
            "title": _both(indicator.title),
            "unit": indicator.unit,
            "service": str(indicator.service),
            "direction": indicator.direction.value,
            "periods": [period.value for period in indicator.periods],
            "subject_kinds": [kind.value for kind in indicator.subject_kinds],
            "formula": _both(indicator.formula),
            "completeness_rule": _both(indicator.completeness_rule),
            "source": indicator.source,
            "method_version": indicator.method_version,
        },
        "family": FAMILIES[type(recipe)],
        "inputs": _inputs(recipe),
        "rule_sets": [
            {"code": code, "sha256": sha256(rule_set_text(code).encode())} for code in rule_sets_of(recipe)
        ],
        "rules": {
            "liveness_intervals": settings.liveness_intervals,
            "max_gap_intervals": settings.max_gap_intervals,
            "on_time_limit_s": settings.on_time_limit_s,
            "grace_s": settings.grace_s,
        },
        "software": software(),
    }


def _both(text: Any) -> dict[str, str]:  # noqa: ANN401 # Text, or what a definition of one's own has in its place
    return {"vi": text.vi, "en": text.en}


def _inputs(recipe: Recipe) -> dict[str, Any]:
    """Return what a pack must gather for the recipe."""
    if isinstance(recipe, SiteSeriesRecipe):
        return {
            "quantities": list(recipe.quantities),
            "hours_before": recipe.reach.before,
            "hours_after": recipe.reach.after,
            "area_rule": recipe.area_rule.value,
        }
    if isinstance(recipe, ReadingsRecipe):
        return {"quantities": list(recipe.quantities), "area_rule": recipe.area_rule.value}
    if isinstance(recipe, InterruptionRecipe):
        return {"quantities": list(_SUPPLY), "known_by": _KNOWN_BY}
    if isinstance(recipe, FormulaRecipe):
        return {"indicators": list(recipe.inputs)}
    if isinstance(recipe, HistoryRecipe):
        return {"indicators": [recipe.daily_input], "years_after": recipe.years_after}
    return {}


def rule_sets_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the codes of the rule sets that the file of a recipe and those it is built on name."""
    function = getattr(recipe, "compute", None) or getattr(recipe, "terms", None) or recipe.formula  # type: ignore[union-attr]
    module = inspect.getmodule(function)
    names = {module.__name__} if module is not None else set()
    names.add(f"{_INDICATORS}.{recipe.indicator.code}")
    found: set[str] = set()
    for name in names:
        loaded = sys.modules.get(name)
        if loaded is not None and name.startswith("processing."):
            found |= _named_in(loaded)
    return tuple(sorted(found))


@cache
def _known_rule_sets() -> frozenset[str]:
    return frozenset(
        entry.name.removesuffix(".toml")
        for entry in files("processing.rulesets").iterdir()
        if entry.name.endswith(".toml")
    )


def _named_in(module: ModuleType) -> set[str]:
    """Return the rule sets named in a module, or in what it imports of indicators and rule sets."""
    found: set[str] = set()
    waiting, seen = [module], {module.__name__}
    while waiting:
        texts, imported = _said_by(waiting.pop())
        found |= texts
        for name in imported - seen:
            loaded = sys.modules.get(name)
            if loaded is not None:
                seen.add(name)
                waiting.append(loaded)
    return found


@cache
def _said_by(module: ModuleType) -> tuple[frozenset[str], frozenset[str]]:
    """Return the rule sets that a module itself names, and the modules to follow that it may import."""
    texts: set[str] = set()
    imported: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts |= {node.value} & _known_rule_sets()
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
            imported |= {name for name in names if name.startswith(_FOLLOWED)}
    return frozenset(texts), frozenset(imported)


def rule_set_text(code: str) -> str:
    """Return the text of the rule set `code` as it is installed."""
    return (files("processing.rulesets") / f"{code}.toml").read_text(encoding="utf-8")
