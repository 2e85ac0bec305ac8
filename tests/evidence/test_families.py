"""Every value that the engine publishes comes out of its pack again, bit for bit, family by family."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from api.packs.gathering import Wanted
from api.references import Kind
from processing.evidence.verifying import compared
from processing.indicators import discover
from tests.evidence.town import SOMETHING

if TYPE_CHECKING:
    from tests.evidence.town import Town


def test_every_value_comes_out_of_its_pack_again(town: Town) -> None:
    values = town.values()
    wanted = [
        (str(subject), Kind(kind), Wanted(code, SOMETHING, period, start))
        for code, kind, subject, period, start in values
    ]
    seen: Counter[tuple[str, str]] = Counter()
    wrong = []
    for (code, kind, subject, period, start), gathered in zip(values, town.all_gathered(wanted), strict=True):
        found, differences = compared(gathered.manifest, gathered.tables)
        if differences:
            wrong.append((code, kind, subject, period, start, differences))
        family = gathered.manifest["method"]["family"]
        seen[family, "all"] += 1
        seen[family, "number"] += found["value"] is not None
    assert not wrong, "\n".join(map(str, wrong))
    assert {code for code, *_ in values} >= {
        code for code, recipe in discover().items() if getattr(recipe, "quantities", None)
    }
    for family, least in {
        "fact_sum": 45, "formula": 10, "site_series": 100, "interruption": 15, "readings": 200, "history": 8,
    }.items():  # fmt: skip
        assert seen[family, "all"] >= least, (family, seen)
    assert seen["readings", "number"] >= 80
    assert seen["site_series", "number"] >= 30
    assert seen["interruption", "number"] >= 15
