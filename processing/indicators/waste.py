"""What the indicators of waste bins share."""

from __future__ import annotations

from typing import Final

from domain.text import Text

COVERAGE_RULE: Final = Text(
    "Thời gian biết mức đầy chia cho thời gian xét; dưới 75 % thì không công bố.",
    "Time with a known fill level over time in view; below 75 % nothing is published.",
)
