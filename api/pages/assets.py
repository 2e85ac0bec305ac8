"""Static files of the pages, served under an address that changes with their contents.

`/static/{version}/js/start.js`: modules import each other by relative paths, so all of a page comes from one
version, and a browser may keep a file for ever. The text catalogue is served beside them as a module.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from api.pages.language import LANGUAGES
from api.pages.texts import TEXTS

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
_PATH: Final = re.compile(r"[a-z0-9_-]+(/[a-z0-9_.-]+)*\.[a-z]+")


def _walk(folder: Traversable, prefix: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.is_dir():
            found |= _walk(entry, f"{prefix}{entry.name}/")
        elif PurePosixPath(entry.name).suffix in MEDIA_TYPES:
            found[f"{prefix}{entry.name}"] = entry.read_bytes()
    return found


@cache
def contents() -> dict[str, bytes]:
    """Return every static file by its path; read once, a few hundred kilobytes in all."""
    found = _walk(files("api.pages").joinpath("static"), "")
    return found | {f"texts/{language}.js": _text_module(language) for language in LANGUAGES}


def _text_module(language: str) -> bytes:
    texts = {key: text.in_language(language) for key, text in sorted(TEXTS.items())}
    return f"export const TEXTS = {json.dumps(texts, ensure_ascii=False)};\n".encode()


@cache
def version() -> str:
    """Return a short digest over all static files."""
    digest = hashlib.sha256()
    for path, content in sorted(contents().items()):
        digest.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()[:12]


def address(path: str) -> str:
    """Return the address of a static file.

    Raises:
        KeyError: there is no such file; a template names one that does not exist.
    """
    if path not in contents():
        raise KeyError(path)
    return f"/static/{version()}/{path}"


def found(path: str) -> tuple[bytes, str] | None:
    """Return (content, media type) of a static file, None when there is none."""
    if _PATH.fullmatch(path) is None or path not in contents():
        return None
    return contents()[path], MEDIA_TYPES[PurePosixPath(path).suffix]
