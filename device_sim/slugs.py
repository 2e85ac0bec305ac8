"""Identifiers made from names: lower case, plain letters, digits and hyphens."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LENGTH_MAX: Final = 64
# NFD takes diacritics off, but đ is a letter of its own.
_D_STROKE: Final = str.maketrans({"đ": "d", "Đ": "d"})
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def slug(name: str) -> str:
    """Return `name` as an identifier; empty when nothing of it can stand in one.

    >>> slug("Hà Đông 2")
    'ha-dong-2'
    """
    plain = unicodedata.normalize("NFD", name.translate(_D_STROKE)).encode("ascii", "ignore").decode("ascii")
    return _OTHER.sub("-", plain.lower()).strip("-")[:LENGTH_MAX].strip("-")
