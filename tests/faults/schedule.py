"""Random faults from a seed: the same seed gives the same schedule."""

from __future__ import annotations

import os
import random
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SEED_VARIABLE = "NHIP_FAULT_SEED"


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault.

    Attributes:
        after_s: seconds since the strike before.
        part: whom it hits.
        down_s: seconds until the part comes back.
    """

    after_s: float
    part: str
    down_s: float


def seed_of(given: str | None) -> int:
    """Return the seed asked for, by option or environment, or one of its own."""
    chosen = given or os.environ.get(SEED_VARIABLE)
    return int(chosen) if chosen else secrets.randbelow(10**9)


def schedule(
    seed: int, parts: Sequence[str], count: int, *, after_s_max: float, down_s_max: float = 0.0
) -> list[Strike]:
    """Return so many strikes.

    Args:
        seed: of everything random in it.
        parts: who may be hit; each is hit once before any is hit twice.
        count: how many strikes.
        after_s_max: the longest pause before a strike.
        down_s_max: the longest time that a part stays away.
    """
    generator = random.Random(seed)  # noqa: S311 # a schedule, not a secret
    strikes: list[Strike] = []
    round_of: list[str] = []
    for _ in range(count):
        if not round_of:
            round_of = generator.sample(list(parts), len(parts))
        after_s, down_s = generator.uniform(0, after_s_max), generator.uniform(0, down_s_max)
        strikes.append(Strike(round(after_s, 3), round_of.pop(), round(down_s, 3)))
    return strikes
