"""JSON whose leaves may be texts in both languages, and its rendering in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from domain.text import Text

# What a Grafana model is made of before a language is chosen; read-only, so that panels can share parts.
Model: TypeAlias = "Mapping[str, Model] | Sequence[Model] | Text | str | int | float | bool | None"
Object: TypeAlias = Mapping[str, Model]
Rendered: TypeAlias = "dict[str, Rendered] | list[Rendered] | str | int | float | bool | None"


def rendered(model: Model, language: str) -> Rendered:
    """Return `model` with every text in `language` ("vi" or "en"), made of plain dicts and lists."""
    if isinstance(model, Text):
        return model.in_language(language)
    if isinstance(model, Mapping):
        return {key: rendered(value, language) for key, value in model.items()}
    if isinstance(model, str) or not isinstance(model, Sequence):
        return model
    return [rendered(value, language) for value in model]
