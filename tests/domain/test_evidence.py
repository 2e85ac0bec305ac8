"""A pack is the same bytes for the same files, and no byte of it can change unnoticed."""

from __future__ import annotations

import pytest

from domain.evidence import REQUIRED, BrokenPackError, seal, sha256, unseal

FILES = {name: f"content of {name}\n".encode() for name in REQUIRED}


def test_the_same_files_are_the_same_bytes_in_any_order() -> None:
    assert seal(FILES) == seal(dict(reversed(FILES.items())))
    assert unseal(seal(FILES)) == FILES


def test_any_changed_byte_is_found() -> None:
    pack = seal(FILES)
    for position in range(len(pack)):
        changed = bytearray(pack)
        changed[position] ^= 1
        with pytest.raises(BrokenPackError):
            unseal(bytes(changed))
    for changed in (pack + b"x", b"x" + pack, pack[:-1], b""):
        with pytest.raises(BrokenPackError):
            unseal(changed)


@pytest.mark.parametrize("name", REQUIRED)
def test_the_changed_file_is_named(name: str) -> None:
    pack = seal(FILES)
    changed = pack.replace(FILES[name], FILES[name].replace(b"content", b"Content"), 1)
    with pytest.raises(BrokenPackError) as found:
        unseal(changed)
    assert found.value.file == name


def test_a_file_that_is_absent_is_named() -> None:
    with pytest.raises(BrokenPackError) as found:
        unseal(seal({name: content for name, content in FILES.items() if name != "facts.parquet"}))
    assert found.value.file == "facts.parquet"


def test_the_sum_is_sha_256() -> None:
    assert sha256(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
