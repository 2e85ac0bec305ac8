"""The limits of QCVN 05:2023/BTNMT by parameter and averaging time, and their words."""

from __future__ import annotations

from datetime import date

from domain.text import Text
from processing.rulesets.loader import Limit, limit_set


def limits_of(parameter: str, averaging: str) -> list[Limit]:
    """Return the limits of one column of table 1, oldest first; none where the regulation gives none."""
    return sorted(
        (
            one
            for one in limit_set("qcvn_05_2023").limits
            if (one.parameter, one.averaging) == (parameter, averaging)
        ),
        key=lambda one: one.valid_from or date.min,
    )


def limit_words(limits: list[Limit]) -> Text | None:
    """Return the limits as people write them ("50, from 01/01/2026 45"); None without any."""
    if not limits:
        return None
    vi, en = [], []
    for one in limits:
        dated = f"{one.valid_from:%d/%m/%Y}" if one.valid_from else ""
        vi.append(f"từ {dated} là {one.maximum:g}" if dated else f"{one.maximum:g}")
        en.append(f"from {dated} {one.maximum:g}" if dated else f"{one.maximum:g}")
    return Text(", ".join(vi), ", ".join(en))
