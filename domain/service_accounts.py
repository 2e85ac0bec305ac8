"""User names that the broker keeps for the ingesters; no gateway may have one of them."""

import re
from typing import Final

_NAME: Final = "nhip-ingest"
_ACCOUNTS: Final = 8
# One for each ingester: where the user name is the client id, two with one name would end each other's
# session.
SERVICE_USERS: Final = (_NAME, *(f"{_NAME}-{number}" for number in range(2, _ACCOUNTS + 1)))
# Wider than the names in use, so that a further ingester never finds its name taken by a gateway.
RESERVED_PATTERN: Final = re.compile(rf"{_NAME}(-[0-9]+)?")


def is_reserved(name: str) -> bool:
    """Say whether a user name is, or may become, that of an ingester."""
    return RESERVED_PATTERN.fullmatch(name) is not None
