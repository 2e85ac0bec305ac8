"""SenML in JSON (RFC 8428, section 5).

For example `[{"bn": "dev-17/", "bt": 1764000000, "n": "temp", "u": "Cel", "v": 23.5}]`.
How records become readings: `ingest.formats.senml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.gathering import json_raw, json_value
from ingest.formats.senml import EXPECTED_PACK, resolved

if TYPE_CHECKING:
    from ingest.formats.decoded import DecodedBatch


def decode(payload: bytes) -> DecodedBatch:
    """Return the readings of one message.

    Raises:
        MalformedMessageError: nothing of it can be read as SenML.
    """
    # Everything else that is JSON is an object at the top: told apart before it is parsed.
    if not payload.lstrip(b" \t\r\n").startswith(b"["):
        raise MalformedMessageError(field="payload", found=shown(payload[:16]), expected=EXPECTED_PACK)
    return resolved(json_value(payload), json_raw)
