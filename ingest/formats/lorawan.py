"""What the uplinks of LoRaWAN network servers share: a device's decoded object as readings.

Nested objects and lists are flattened with `.` (`{"soil": {"temp": 21}}` gives `soil.temp`, a list's places
count from 0). Numbers are read, booleans as 1 and 0. Text and null are no readings and are passed over:
devices send status words, firmware versions and fields of sensors that are not plugged in. There are no
units; the registry knows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ingest.formats.decoded import NAME_LENGTH_MAX
from ingest.formats.errors import MalformedMessageError, shown
from ingest.formats.gathering import EXPECTED_NAME, Gathering, UnreadableError, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ingest.formats.decoded import DecodedBatch

DEPTH_MAX: Final = 8


def uplink(
    device: str, ts_us: int, field: str, decoded: object, alone: Callable[[str, object], bytes]
) -> DecodedBatch:
    """Return the readings of one uplink.

    Args:
        device: begins the name of each sensor: `{device}.{path}`.
        ts_us: time of all readings, microseconds since the epoch.
        field: where `decoded` stands in the message.
        decoded: what the payload codec of the network server made of the device's bytes.
        alone: writes a message that holds one path and its value alone.

    Raises:
        MalformedMessageError: no object, no number in it, or nested too deeply.
    """
    if not isinstance(decoded, dict):
        raise MalformedMessageError(
            field=field,
            found="nothing" if decoded is None else shown(decoded),
            expected="an object; does the device have a payload codec (formatter) in its network server?",
        )
    gathering = Gathering()
    count = 0
    for path, found in _leaves(field, "", decoded, 1):
        if found is None or isinstance(found, str):
            continue
        count += 1
        name = f"{device}.{path}"
        try:
            if isinstance(found, dict | list):
                raise UnreadableError(field="name", found=name, expected=EXPECTED_NAME)  # noqa: TRY301
            gathering.add(name, ts_us, number(path, float(found) if isinstance(found, bool) else found))
        except UnreadableError as error:
            gathering.set_aside(error, name, alone(path, found))
    if not count:
        raise MalformedMessageError(field=field, found=shown(decoded), expected="at least one number")
    return gathering.batch()


def _leaves(field: str, prefix: str, found: object, depth: int) -> Iterator[tuple[str, object]]:
    """Yield (path, value) of everything that is neither an object nor a list.

    Where a path is too long for a name already, what lies below it is not looked at.
    """
    if depth > DEPTH_MAX:
        raise MalformedMessageError(
            field=field, found=shown(found), expected=f"objects nested at most {DEPTH_MAX} deep"
        )
    items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for key, value in items:
        path = f"{prefix}{key}"
        if isinstance(value, dict | list) and len(path) <= NAME_LENGTH_MAX:
            yield from _leaves(field, f"{path}.", value, depth + 1)
        else:
            yield path, value


def member(document: object, *path: str) -> object:
    """Return what stands at a path of nested objects, None where it ends early."""
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document
