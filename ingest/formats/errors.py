"""Errors of payload decoding.

FormatError
├── MalformedMessageError     the bytes are not what the format says
└── UnsupportedFormatError    the format has no decoder
"""

from __future__ import annotations

from typing import Final

_FOUND_LENGTH_MAX: Final = 80


def shown(found: object) -> str:
    """Return a short, printable rendering of what was found."""
    try:
        text = ascii(found)
    except RecursionError:
        text = type(found).__name__
    except ValueError:  # an integer of thousands of digits
        text = f"{type(found).__name__} of many digits"
    return text if len(text) <= _FOUND_LENGTH_MAX else f"{text[:_FOUND_LENGTH_MAX]}…"


class FormatError(Exception):
    """Base of all decoding errors.

    Attributes:
        batch_id: the message's identifier where it could still be read, so that it can be acknowledged.
    """

    batch_id: int | None = None


class MalformedMessageError(FormatError):
    """The bytes are not what the format says."""

    def __init__(self, *, field: str, found: str, expected: str, batch_id: int | None = None) -> None:
        self.field = field
        self.found = found
        self.expected = expected
        self.batch_id = batch_id
        super().__init__(f"{field}: found {found}, expected {expected}")


class UnsupportedFormatError(FormatError):
    """The format has no decoder (yet)."""

    def __init__(self, payload_format: str, supported: tuple[str, ...]) -> None:
        self.payload_format = payload_format
        self.supported = supported
        super().__init__(
            f"payload format {shown(payload_format)} is not supported; supported: {', '.join(supported)}"
        )
