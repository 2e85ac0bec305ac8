"""Generated secrets, one file each, readable by their owner only, used again at the next start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from domain.credentials import new_password

if TYPE_CHECKING:
    from collections.abc import Callable


class Vault:
    """A folder of secrets (mode 700, files mode 600)."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def secret(self, name: str, make: Callable[[], str] = new_password) -> str:
        """Return the secret of this name; it is made at the first question."""
        path = self.folder / name
        if path.exists():
            kept = path.read_text(encoding="ascii").strip()
            if kept:
                return kept
        return self.renewed(name, make)

    def renewed(self, name: str, make: Callable[[], str] = new_password) -> str:
        """Return a new secret of this name; the old one is forgotten."""
        path = self.folder / name
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        value = make()
        unfinished = path.with_name(f".{name}.{os.getpid()}")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(value + "\n")
        unfinished.replace(path)
        return value
