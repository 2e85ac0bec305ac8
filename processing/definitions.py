"""The table `indicator` says what the recipes in force say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processing.context import recipes_in_force
from store import statement

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow

    from domain.indicators import Indicator


def sync(connection: psycopg.Connection[TupleRow]) -> dict[str, int]:
    """Write every indicator's definition, and return code -> number."""
    recipes = recipes_in_force()
    for recipe in recipes.values():
        connection.execute(statement("processing", "upsert_indicator"), _row(recipe.indicator))
    rows = connection.execute(statement("processing", "select_indicator_ids")).fetchall()
    return {code: number for code, number in rows if code in recipes}


def _row(indicator: Indicator) -> dict[str, object]:
    return {
        "code": indicator.code,
        "title_vi": indicator.title.vi,
        "title_en": indicator.title.en,
        "unit": indicator.unit,
        "service": str(indicator.service),
        "direction": indicator.direction.value,
        "subject_kinds": [kind.value for kind in indicator.subject_kinds],
        "periods": [period.value for period in indicator.periods],
        "formula_vi": indicator.formula.vi,
        "formula_en": indicator.formula.en,
        "completeness_rule_vi": indicator.completeness_rule.vi,
        "completeness_rule_en": indicator.completeness_rule.en,
        "source": indicator.source,
        "method_version": indicator.method_version,
    }
