"""Names and sizes: what a thing is called says where to look for it."""

from __future__ import annotations

import ast
import importlib
import re

import pytest

from tests.architecture.conftest import PACKAGES, ROOT, modules, tree

FORBIDDEN = {"utils", "util", "common", "helpers", "helper", "manager", "managers", "core", "misc"}
# The habit is 400; above this it is broken.
LINES_MAX = 450


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_called_after_what_is_in_it(path):
    """No grab-bags, lower case, and a first line that says what the module is for."""
    assert not set(path.with_suffix("").relative_to(ROOT).parts) & FORBIDDEN
    assert re.fullmatch(r"(__)?[a-z0-9_]+", path.stem)
    assert ast.get_docstring(tree(path)), "no docstring"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_small_enough_to_be_read(path):
    """Above this size it becomes a package."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LINES_MAX


def exported():
    """Return (module name, __all__) of every module that has one."""
    found = []
    for path in modules():
        for node in tree(path).body:
            names = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(name, ast.Name) and name.id == "__all__" for name in names):
                module = ".".join(path.with_suffix("").relative_to(ROOT).parts).removesuffix(".__init__")
                found.append((module, ast.literal_eval(node.value)))
    return found


@pytest.mark.parametrize(
    ("module", "names"), exported(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_all_is_sorted_and_true(module, names):
    """`__all__` is the face of a package: every name exists, once, in order."""
    # Constants first, then classes, then the rest: the order that the linter sorts them into.
    assert names == sorted(set(names), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    loaded = importlib.import_module(module)
    assert [name for name in names if not hasattr(loaded, name)] == []


def test_packages_with_a_face_were_looked_at():
    """The test above had something to look at."""
    assert {"store", "dashboards"} <= {module for module, _ in exported()}


def test_every_package_is_in_the_wheel_and_under_every_checker():
    """A package that is added is added everywhere."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    wanted = set(PACKAGES)
    assert set(project["hatch"]["build"]["targets"]["wheel"]["packages"]) == wanted
    assert set(project["mypy"]["packages"]) == wanted
    assert set(project["basedpyright"]["include"]) == wanted
    assert set(project["importlinter"]["root_packages"]) == wanted
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.search(r"^PACKAGES := (.*)$", makefile, re.MULTILINE)[1].split()) == wanted
