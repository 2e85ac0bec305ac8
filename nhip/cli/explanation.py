"""Errors in words: what was wrong, what was found, what was expected."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError
    from pydantic_settings import BaseSettings

EXIT_USER_ERROR: Final = 2
_OUR_PACKAGES: Final = frozenset(
    {"nhip", "domain", "store", "ingest", "processing", "api", "device_sim", "dashboards"}
)
_FOUND_LENGTH_MAX: Final = 80


def explained(error: BaseException) -> list[str] | None:
    """Return the lines that tell a user what to change; None when the error is a fault of the program.

    Our own errors speak for themselves. Settings are named by their environment variables.
    """
    if type(error).__module__.partition(".")[0] in _OUR_PACKAGES:
        return [str(error).replace("\n\t", " ").strip()]
    # A module that was never imported cannot have raised.
    if "pydantic" in sys.modules:
        from pydantic import ValidationError  # noqa: PLC0415 # see above

        if isinstance(error, ValidationError):
            return list(_validation_lines(error))
    if "pydantic_settings" in sys.modules:
        from pydantic_settings.exceptions import SettingsError  # noqa: PLC0415 # see above

        if isinstance(error, SettingsError):
            return [f"settings: {error}"]
    if isinstance(error, OSError) and error.filename is not None:
        return [f"{error.filename}: {error.strerror}"]
    return None


def _validation_lines(error: ValidationError) -> Iterator[str]:
    settings = _settings_class(error.title)
    for problem in error.errors(include_url=False):
        where = ".".join(str(part) for part in problem["loc"]) or error.title
        expected = problem["msg"].removeprefix("Value error, ")
        field: Any = None
        if settings is not None:
            field = settings.model_fields.get(where)
            where = f"{settings.model_config.get('env_prefix', '')}{where}".upper()
        if problem["type"] == "missing":
            note = f" ({field.description})" if field is not None and field.description else ""
            yield f"{where} is not set{note}"
        else:
            yield f"{where}: found {_shown(where, problem['input'])}: {expected}"


def _settings_class(title: str) -> type[BaseSettings] | None:
    if "pydantic_settings" not in sys.modules:
        return None
    from pydantic_settings import BaseSettings  # noqa: PLC0415 # loaded already, or nobody raised

    waiting = list(BaseSettings.__subclasses__())
    while waiting:
        candidate = waiting.pop()
        if candidate.__name__ == title:
            return candidate
        waiting.extend(candidate.__subclasses__())
    return None


def _shown(where: str, value: object) -> str:
    # Connection strings carry passwords, and their field need not be called so.
    if any(word in where.upper() for word in ("DSN", "URL", "KEY", "PASSWORD", "SECRET", "TOKEN")):
        return "a value (not shown, it may hold a password)"
    text = repr(value)
    return text if len(text) <= _FOUND_LENGTH_MAX else text[: _FOUND_LENGTH_MAX - 1] + "…"
