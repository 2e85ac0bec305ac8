"""Indicators that a city defines itself, from a file or the database to a recipe.

Errors:
    DefinitionFileError: a file that is no definition; every fault names its field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.definition_checks import check
from domain.definitions import DefinitionError, Fault, read
from processing.compute.errors import ComputeError
from processing.defined.compiling import known_of, recipe_of
from processing.indicators import discover

if TYPE_CHECKING:
    from pathlib import Path

    from processing.indicators.recipes import Recipe

__all__ = ["DefinitionFileError", "load"]


class DefinitionFileError(ComputeError):
    """A file that is no definition of an indicator."""

    def __init__(self, file: str, faults: tuple[Fault, ...]) -> None:
        self.file = file
        self.faults = faults
        super().__init__(f"{file}: " + "; ".join(str(each) for each in faults))


def load(path: Path) -> Recipe:
    """Return the recipe that a TOML or JSON file defines; it may read the indicators of the platform.

    Raises:
        DefinitionFileError: the file cannot be read, or is no definition.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault("file", str(error), "a definition in TOML or JSON")
        raise DefinitionFileError(path.name, (fault,)) from error
    try:
        return recipe_of(check(read(text, path.name), known_of(discover())))
    except DefinitionError as error:
        raise DefinitionFileError(path.name, error.faults) from error
