"""What a user can put right, in one line."""

from __future__ import annotations

from typing import Final

_FOUND_LENGTH_MAX: Final = 60


class ComputeError(Exception):
    """Base of all errors of this package."""


class InputError(ComputeError):
    """A file does not hold what it should."""

    def __init__(
        self, file: str, field: str, found: object, expected: str, *, row: int | None = None
    ) -> None:
        """Say where.

        Args:
            file: name of the file.
            field: column, or "file".
            found: what stands there.
            expected: what should.
            row: line of the file, 1 is the header; None when the fault is in no single row.
        """
        self.file = file
        self.row = row
        self.field = field
        self.found = found
        self.expected = expected
        where = f"{file}, row {row}" if row is not None else file
        super().__init__(f"{where}, {field}: found {_shown(found)}, expected {expected}")


class ParameterError(ComputeError):
    """A parameter of the command is absent, unknown or out of range."""

    def __init__(self, name: str, found: object, expected: str) -> None:
        self.name = name
        self.found = found
        self.expected = expected
        super().__init__(f"parameter {name}: found {_shown(found)}, expected {expected}")


class UnknownCodeError(ComputeError):
    """No indicator or kernel has this code."""

    def __init__(self, code: str, near: list[str]) -> None:
        self.code = code
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        super().__init__(f"no indicator or kernel is called {code!r}{hint} (nhip compute --list shows all)")


class NothingToComputeError(ComputeError):
    """The files hold nothing that the indicator or kernel could use."""

    def __init__(self, code: str, found: str, expected: str) -> None:
        super().__init__(f"{code}: found {found}, expected {expected}")


def _shown(found: object) -> str:
    text = found if isinstance(found, str) and found in {"nothing", "none"} else repr(found)
    return text if len(text) <= _FOUND_LENGTH_MAX else text[: _FOUND_LENGTH_MAX - 1] + "…"
