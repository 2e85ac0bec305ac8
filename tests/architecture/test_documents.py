"""Documents that must not fall behind the code, and files that must not know this machine."""

from __future__ import annotations

import importlib
import re

import pytest
from pydantic_settings import BaseSettings

from tests.architecture.conftest import PACKAGES, ROOT

SETTINGS_MODULES = [
    "store.settings",
    "ingest.settings",
    "processing.settings",
    "api.settings",
    "device_sim.settings",
    "nhip.cli.client",
]
GUIDES = ("technician", "operator", "evaluator", "administrator", "developer")
BINARY = {".png", ".ico", ".woff2", ".wasm", ".parquet", ".gif", ".jpg"}


def settings():
    """Return (environment variable, field) of every setting of every package."""
    found = {}
    for name in SETTINGS_MODULES:
        for thing in vars(importlib.import_module(name)).values():
            if isinstance(thing, type) and issubclass(thing, BaseSettings) and thing is not BaseSettings:
                prefix = thing.model_config.get("env_prefix", "")
                found |= {f"{prefix}{field}".upper(): info for field, info in thing.model_fields.items()}
    return found


def test_every_settings_module_is_looked_at():
    """A new settings class in another module has to be added above."""
    here = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"^class \w+\(BaseSettings\)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert here == set(SETTINGS_MODULES)


@pytest.mark.parametrize("variable", sorted(settings()))
def test_a_setting_is_in_the_administrators_table_with_its_default(variable):
    """`| VARIABLE | default | meaning |` in docs/administrator.md."""
    text = (ROOT / "docs/administrator.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| `{variable}` \| ([^|]*) \| ([^|]+) \|$", text, re.MULTILINE)
    assert row, f"{variable} is not in the table"
    info = settings()[variable]
    if info.is_required():
        assert row[1].strip() == "(required)"
    else:
        default = info.default
        wanted = (
            str(default).lower() if isinstance(default, bool) else "" if default is None else str(default)
        )
        assert row[1].strip().strip("`") == wanted


def test_no_setting_in_the_table_that_does_not_exist():
    """A setting that went away leaves the table, too."""
    text = (ROOT / "docs/administrator.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\| `(NHIP_\w+)` \|", text, re.MULTILINE))
    assert shown <= set(settings())


@pytest.mark.parametrize("guide", GUIDES)
def test_links_of_the_guides_lead_somewhere(guide):
    """Every relative link is a file of the project."""
    path = ROOT / "docs" / f"{guide}.md"
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert re.match(r"https?://", link) or (path.parent / link).exists(), link


@pytest.mark.parametrize("name", ["README.md", *(f"docs/{guide}.md" for guide in GUIDES)])
def test_commands_in_the_guides_exist(name):
    """Each `nhip …` that a document shows is a command."""
    import typer

    from nhip.cli.main import build_app

    root = typer.main.get_command(build_app())
    for words in re.findall(r"`?nhip ((?:[a-z][a-z-]+ ?)+)", (ROOT / name).read_text(encoding="utf-8")):
        command = root
        for word in words.split():
            if not hasattr(command, "commands"):
                break
            assert word in command.commands, f"{name}: nhip {words}"
            command = command.commands[word]


def test_no_file_knows_this_machine(tracked):
    """No absolute path of a developer's machine, no host of a package registry."""
    patterns = re.compile(
        r"(?<![\w.])/(work|home/\w+|Users/\w+|root)/[\w.]|https?://registry\.npmjs\.org|files\.pythonhosted\.org"
    )
    wrong = {}
    for path in tracked:
        if path.suffix in BINARY or path == ROOT / "tests/architecture/test_documents.py":
            continue
        match = patterns.search(path.read_text(encoding="utf-8", errors="replace"))
        if match:
            wrong[path.relative_to(ROOT).as_posix()] = match[0]
    assert wrong == {}


def test_the_licence_is_whole():
    """The text of Apache-2.0, from its title to its end."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert "limitations under the License." in text
    assert len(text) > 11_000


def test_files_end_well_and_stay_small(tracked):
    """Text files end with a newline; nothing large or generated slips in."""
    for path in tracked:
        size = path.stat().st_size
        assert size < 1_500_000, path
        if path.suffix in {".py", ".sql", ".md", ".toml", ".yml", ".yaml", ".sh"} and size:
            assert path.read_bytes().endswith(b"\n"), path
