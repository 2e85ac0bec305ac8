"""Errors of the store; retry or stop is a property of the class.

StoreError
├── StoreUnavailableError    the server cannot be reached or is out of resources: try again
├── DataRejectedError        the server refuses the data: trying again cannot help
├── MigrationError           the schema cannot be brought to what the code needs
└── UnsupportedServerError   the server is too old or lacks a privilege
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from typing import Final

# SQLSTATE classes that speak of the server's state and not of what was sent to it: connection, resources,
# operator intervention, system error, and the two serialisation failures.
_RETRYABLE_PREFIXES: Final = ("08", "53", "57", "58", "40")
_RETRYABLE_CODES: Final = (
    "25006",
    "55P03",
)  # read-only (a standby was promoted late), lock not available


class StoreError(Exception):
    """Base of all errors of the store."""

    retryable = False


class StoreUnavailableError(StoreError):
    """The server cannot be reached or is out of resources; the same work may succeed later."""

    retryable = True

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"database not available: {cause}")


class DataRejectedError(StoreError):
    """The server refuses the data itself."""

    def __init__(self, sqlstate: str, cause: str) -> None:
        self.sqlstate = sqlstate
        self.cause = cause
        super().__init__(f"database refused the data ({sqlstate}): {cause}")


class MigrationError(StoreError):
    """The schema cannot be brought to what the code needs."""


class UnsupportedServerError(StoreError):
    """The server is too old or the role lacks a privilege."""


def translated(error: psycopg.Error) -> StoreError:
    """Return the error of ours that a driver error means.

    Args:
        error: what psycopg raised.

    Returns:
        A `StoreUnavailableError` when the same statement may succeed later, else a `DataRejectedError`.
    """
    state = error.sqlstate
    text = str(error).strip() or type(error).__name__
    if state is None:
        # Without a SQLSTATE the client noticed first: a broken socket or a time-out, or, for the other
        # classes, a value that the driver itself could not send.
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return StoreUnavailableError(text)
        return DataRejectedError("client", text)
    if state.startswith(_RETRYABLE_PREFIXES) or state in _RETRYABLE_CODES:
        return StoreUnavailableError(f"{state} {text}")
    return DataRejectedError(state, text)
