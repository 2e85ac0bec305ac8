"""Evidence packs as files: what lies in one, in which order, and how it is sealed.

A pack is a zip file made without compression, with fixed times and order: the same evidence is the same bytes
on every machine, so that a reader can make the file again from what is in it and compare. `SHA256SUMS` names
every other file; the hash of the pack is that of the whole file, which `sha256sum` tells as well.

Errors:
    BrokenPackError: a file that is no pack, or no longer the pack that was given out.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = "nhip-evidence"
FORMAT_VERSION: Final = 1
SUFFIX: Final = ".nhip.zip"
MANIFEST: Final = "manifest.json"
INPUTS: Final = "inputs.parquet"
FACTS: Final = "facts.parquet"
EVENTS: Final = "interruptions.parquet"
DOCUMENT: Final = "explanation.pdf"
EXPLANATIONS: Final = {"vi": "explanation.vi.txt", "en": "explanation.en.txt"}
SUMS: Final = "SHA256SUMS"
RULE_SETS: Final = "rule_sets/"
REQUIRED: Final = (MANIFEST, INPUTS, FACTS, DOCUMENT, *EXPLANATIONS.values())

# The first instant that a zip file can name.
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
_UNIX: Final = 3
_PLAIN_FILE: Final = 0o100644 << 16
_CONTAINER: Final = "container"


class BrokenPackError(Exception):
    """A file that is no pack, or was changed after it was made.

    Attributes:
        file: name of the file in the pack, or "container" for the zip file around them.
        fault: what is wrong with it.
    """

    def __init__(self, file: str, fault: str) -> None:
        self.file = file
        self.fault = fault
        super().__init__(f"{file}: {fault}")


def sha256(content: bytes) -> str:
    """Return the SHA-256 of content, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Return the manifest as JSON, the same bytes for the same content."""
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
    return f"{text}\n".encode()


def seal(files: Mapping[str, bytes]) -> bytes:
    """Return the pack that holds these files, with their sums.

    Args:
        files: name -> content, all that `REQUIRED` names and any number of rule sets.
    """
    sums = "".join(f"{sha256(files[name])}  {name}\n" for name in sorted(files))
    return _zipped({**{name: files[name] for name in sorted(files)}, SUMS: sums.encode()})


def _zipped(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as pack:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.create_system = _UNIX
            entry.external_attr = _PLAIN_FILE
            pack.writestr(entry, content)
    return made.getvalue()


def unseal(content: bytes) -> dict[str, bytes]:
    """Return the files of a pack, after every byte of it was checked.

    Raises:
        BrokenPackError: it is no pack, or anything in it differs from what was sealed; names the file.
    """
    files = _unzipped(content)
    sums = files.pop(SUMS, None)
    if sums is None:
        raise BrokenPackError(SUMS, "is absent")
    _compare(files, _told(sums))
    # What lies between the files (names, times, order, anything behind the end) is sealed as well.
    if seal(files) != content:
        raise BrokenPackError(_CONTAINER, "was not made like this: something beside the files was changed")
    return files


def _compare(files: Mapping[str, bytes], told: Mapping[str, str]) -> None:
    for name in sorted({*files, *told, *REQUIRED}):
        if name not in files:
            raise BrokenPackError(name, "is absent")
        if name not in told:
            raise BrokenPackError(name, f"is not named in {SUMS}")
        if sha256(files[name]) != told[name]:
            raise BrokenPackError(name, f"its SHA-256 is not the one in {SUMS}")


def _unzipped(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    name = _CONTAINER
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as pack:
            for entry in pack.infolist():
                name = entry.filename
                if name in files:
                    raise BrokenPackError(name, "is there twice")
                if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                    raise BrokenPackError(name, "is compressed or encrypted, which no pack is")
                files[name] = pack.read(entry)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise BrokenPackError(name, str(error) or "is not a zip file") from error
    return files


def _told(sums: bytes) -> dict[str, str]:
    try:
        lines = sums.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise BrokenPackError(SUMS, "is not text") from error
    found: dict[str, str] = {}
    for line in lines:
        digest, gap, name = line.partition("  ")
        if not gap or name in found:
            raise BrokenPackError(SUMS, f"does not say what {line[:80]!r} means")
        found[name] = digest
    return found
