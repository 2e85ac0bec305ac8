"""What import-linter cannot say: allow-lists, start-up costs, names that would hide ours."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.architecture.conftest import PACKAGES, ROOT, modules, tree

KERNELS = sorted((ROOT / "processing/kernels").glob("*.py"))
# Arrays in, arrays out: nothing that could know of a database, a clock or a setting.
KERNEL_IMPORTS = {
    "__future__",
    "typing",
    "math",
    "numpy",
    "numpy.typing",
    "processing.kernels",
    "collections.abc",
}
COMPILATION_IMPORTS = KERNEL_IMPORTS | {"functools", "numba"}


def imported(path):
    """Return the modules that a file imports."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module)
    return names


def allowed(name, path):
    """Say whether a kernel may import this."""
    if name.startswith("processing.kernels."):
        return True
    return name in (COMPILATION_IMPORTS if path.stem == "compilation" else KERNEL_IMPORTS)


@pytest.mark.parametrize("path", KERNELS, ids=lambda path: path.name)
def test_kernels_import_arithmetic_only(path):
    """numpy, math and the compile policy; in one module numba."""
    assert [name for name in imported(path) if not allowed(name, path)] == []


def test_there_are_kernels():
    """The test above looked at something."""
    assert len(KERNELS) > 2
    assert not allowed("psycopg", KERNELS[0])


def loaded_by(statement):
    """Return what a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=False, capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import ingest.service", {"numba", "llvmlite", "processing", "fastapi"}),
        ("import api.app", {"numba", "llvmlite", "processing", "paho", "ingest"}),
        (
            "from nhip.cli.main import build_app; build_app()",
            {"numba", "fastapi", "paho", "psycopg", "numpy"},
        ),
        ("import device_sim.replay", {"numba", "store", "api", "processing"}),
        ("import domain.units, domain.quantities, domain.registry", {"numpy", "pydantic", "psycopg"}),
        ("import dashboards", {"store", "psycopg", "grafana_foundation_sdk"}),
        ("import store", {"alembic", "sqlalchemy", "numba"}),
    ],
    ids=["ingest", "api", "command line", "device_sim", "domain", "dashboards", "store"],
)
def test_a_service_starts_without_what_it_does_not_need(statement, absent):
    """Numba alone costs 0.4 s and 100 MB; nobody but processing pays for it."""
    assert loaded_by(statement) & absent == set()


def test_the_start_up_check_can_fail():
    """It does see a module that was loaded."""
    assert "json" in loaded_by("import json")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_installed_distribution_brings_a_package_of_our_name(package):
    """`api` or `store` of somebody else would hide ours."""
    owners = set(metadata.packages_distributions().get(package, []))
    assert owners <= {"nhip"}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_come_from_this_repository(package):
    """What is tested is what is here."""
    done = subprocess.run(
        [sys.executable, "-c", f"import {package}; print({package}.__file__)"],
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert Path(done.stdout.strip()).parents[1] == ROOT


def test_only_the_composition_root_reads_settings_from_the_environment():
    """Settings objects are built in `nhip`; the other packages get them."""
    builders = {}
    for path in modules():
        package = path.relative_to(ROOT).parts[0]
        calls = {
            node.func.id
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id.endswith("Settings")
            and not node.args
            and not node.keywords
        }
        reads = any(
            isinstance(node, ast.Attribute)
            and node.attr in {"environ", "getenv"}
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
            for node in ast.walk(tree(path))
        )
        if package != "nhip" and (calls or reads):
            builders[path.relative_to(ROOT).as_posix()] = sorted(calls) or ["os.environ"]
    assert builders == {}
