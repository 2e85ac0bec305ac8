"""The stored SQL of all packages: which files there are, and as which role each one runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
# Package -> role. None is the owner of the schema. A new package with SQL has to say who runs it.
ROLES = {
    "api": "nhip_api",
    "ingest": "nhip_ingest",
    "nhip/doctor": "nhip_api",
    "nhip/stack": "nhip_api",
    "processing": "nhip_processing",
    "store": None,
}
# Run while setting up, by whoever migrates.
OWNER_STATEMENTS = {"nhip/stack/sql/insert_admin_key.sql", "nhip/stack/sql/revoke_key.sql"}
# Not ours to run: Grafana does, after expanding its macros (tests/dashboards); migrations are scripts. The
# views that nhip/doctor/timescale reads exist with TimescaleDB only (tests/nhip/test_doctor_database.py).
ELSEWHERE = {"dashboards", "nhip/doctor/timescale", "store/migrations"}


class Statement(NamedTuple):
    """A `.sql` file: its path in the repository, its role (None: owner), its text."""

    path: str
    role: str | None
    text: str


def sql_files() -> list[Path]:
    """Return every `.sql` file in a folder named sql, tests and environments aside."""
    return sorted(
        path
        for path in ROOT.glob("*/**/sql/*.sql")
        if path.relative_to(ROOT).parts[0] not in {".venv", "tests", "node_modules"}
    )


def package_of(path: Path) -> str:
    """Return the package (with slashes) whose `sql` folder holds the file."""
    return path.parent.parent.relative_to(ROOT).as_posix()


def stored_statements() -> list[Statement]:
    """Return every stored statement with its role; fails for a package that has none."""
    found = []
    for path in sql_files():
        package = package_of(path)
        if package in ELSEWHERE:
            continue
        name = path.relative_to(ROOT).as_posix()
        role = None if name in OWNER_STATEMENTS else ROLES[package]
        found.append(Statement(name, role, path.read_text(encoding="utf-8")))
    return found


def numbered(text: str) -> tuple[str, list[None]]:
    """Return the statement with psycopg's `%(name)s` as `$1`, `$2`, …, and a NULL for each."""
    names: list[str] = []

    def place(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    return re.sub(r"%\((\w+)\)[sbt]", place, text).replace("%%", "%"), [None] * len(names)
