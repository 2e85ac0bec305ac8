"""Every text of the pages, by a key that starts with where it is used; Vietnamese and English."""

from typing import Final

from api.pages.texts import health, indicators, registration, shell, start, words
from domain.text import Text

TEXTS: Final[dict[str, Text]] = {
    **shell.TEXTS,
    **start.TEXTS,
    **registration.TEXTS,
    **indicators.TEXTS,
    **health.TEXTS,
    **words.TEXTS,
}

__all__ = ["TEXTS"]
