"""Payload formats: one file each, bytes in, columns or a typed error out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ingest.formats import (
    chirpstack_v4,
    native,
    plain,
    senml_cbor,
    senml_json,
    sparkplug_b,
    tt10_2021,
    ttn_v3,
)
from ingest.formats.decoded import DecodedBatch, ReadingFault
from ingest.formats.errors import FormatError, MalformedMessageError, UnsupportedFormatError
from ingest.formats.native import encode_columns, encode_rows
from ingest.formats.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.formats.sparkplug_types import Book

__all__ = [
    "GUESSED_FORMATS",
    "KNOWN_FORMATS",
    "SPARKPLUG",
    "SUPPORTED_FORMATS",
    "DecodedBatch",
    "FormatError",
    "MalformedMessageError",
    "ReadingFault",
    "Row",
    "UnsupportedFormatError",
    "decode",
    "encode_columns",
    "encode_rows",
]

_DECODERS: Final[dict[str, Callable[[bytes], DecodedBatch]]] = {
    "chirpstack_v4": chirpstack_v4.decode,
    "native": native.decode,
    "plain": plain.decode,
    "senml_cbor": senml_cbor.decode,
    "senml_json": senml_json.decode,
    "tt10_2021": tt10_2021.decode,
    "ttn_v3": ttn_v3.decode,
}
SPARKPLUG: Final = "sparkplug_b"
SUPPORTED_FORMATS: Final = tuple(sorted((*_DECODERS, SPARKPLUG)))
# A gateway may be registered with any of these.
KNOWN_FORMATS: Final = SUPPORTED_FORMATS
# In this order a message of an unknown gateway is tried: those that cannot be taken for another come first,
# plain JSON, which needs no more than a "ts", near the end.
GUESSED_FORMATS: Final = (
    "native",
    "ttn_v3",
    "chirpstack_v4",
    "senml_json",
    "senml_cbor",
    "plain",
    "tt10_2021",
    SPARKPLUG,
)


def decode(payload_format: str, topic: str, payload: bytes, book: Book | None = None) -> DecodedBatch:
    """Return the readings of one message.

    Args:
        payload_format: name of the format, from the registry.
        topic: where the message was published.
        payload: its bytes.
        book: what Sparkplug births have said; None knows nothing.

    Raises:
        MalformedMessageError: the bytes are not what the format says.
        UnsupportedFormatError: the format has no decoder.
    """
    if payload_format == SPARKPLUG:
        return sparkplug_b.decode(topic, payload, book)
    decoder = _DECODERS.get(payload_format)
    if decoder is None:
        raise UnsupportedFormatError(payload_format, SUPPORTED_FORMATS)
    return decoder(payload)
