"""Indicators that a city defines itself."""

from datetime import datetime
from typing import Any

from pydantic import Field

from api.schemas.base import Answer, Body, Line


class DefinitionNew(Body):
    """A definition, or a new version of one.

    Attributes:
        definition: the fields of the definition, as in its TOML file.
        reason: why it is made or changed.
    """

    definition: dict[str, Any] = Field(max_length=20)
    reason: Line


class DefinitionRetirement(Body):
    """Why a definition is no longer computed."""

    reason: Line


class Definition(Answer):
    """One version of a definition.

    Attributes:
        version: from 1; values carry it as their method, e.g. `user-3`. 0: checked only, not stored.
        definition: with every default written out; null where this version retires it.
    """

    code: str
    version: int
    retired: bool
    definition: dict[str, Any] | None
    valid_from: datetime | None
    created_by: str | None
    reason: str


class Definitions(Answer):
    """Versions of definitions."""

    items: list[Definition]
