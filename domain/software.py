"""Which software this is: version of the package, and the commit if it is known."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from pathlib import Path


@cache
def software() -> dict[str, str | None]:
    """Return name, version and commit; None for a commit that no checkout tells."""
    try:
        version: str | None = metadata.version("nhip")
    except metadata.PackageNotFoundError:
        version = None
    return {"name": "nhip", "version": version, "commit": _checked_out()}


def _checked_out() -> str | None:
    """Return the commit of the checkout that this file lies in."""
    folder = Path(__file__).resolve().parent.parent / ".git"
    try:
        head = (folder / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head or None
        name = head.removeprefix("ref: ")
        loose = folder / name
        if loose.is_file():
            return loose.read_text(encoding="ascii").strip()
        for line in (folder / "packed-refs").read_text(encoding="ascii").splitlines():
            commit, _, packed = line.partition(" ")
            if packed == name:
                return commit
    except (OSError, UnicodeDecodeError):
        pass
    return None
