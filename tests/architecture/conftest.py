"""What the architecture tests look at: the packages, their modules, the tracked files."""

from __future__ import annotations

import ast
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("nhip", "domain", "store", "ingest", "processing", "api", "device_sim", "dashboards")


def modules() -> list[Path]:
    """Return every module of the project's packages."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def _is_ignored(path: Path) -> bool:
    """Say whether `.gitignore` names the file or a folder it is in (only the forms that are used there)."""
    parts = path.relative_to(ROOT).parts
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return any(
        fnmatch(part, line.strip("/"))
        for line in (".git", *lines)
        for part in (parts[:1] if line.startswith("/") else parts)
    )


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Every file under version control, or every file that could be where there is no git."""
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return [path for path in ROOT.rglob("*") if path.is_file() and not _is_ignored(path)]
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
