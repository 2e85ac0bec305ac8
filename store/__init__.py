"""The database and nothing else: settings, connections, migrations, statements, errors."""

from store.connections import connect, connect_async, open_pool
from store.errors import (
    DataRejectedError,
    MigrationError,
    StoreError,
    StoreUnavailableError,
    UnsupportedServerError,
)
from store.settings import StoreSettings
from store.statements import statement

__all__ = [
    "DataRejectedError",
    "MigrationError",
    "StoreError",
    "StoreSettings",
    "StoreUnavailableError",
    "UnsupportedServerError",
    "connect",
    "connect_async",
    "open_pool",
    "statement",
]
