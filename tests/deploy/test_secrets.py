"""Generated secrets, and how a container turns them into settings."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GENERATE = ROOT / "deploy/secrets/generate.sh"
ENTRYPOINT = ROOT / "deploy/entrypoint.sh"


def generate(folder):
    return subprocess.run([GENERATE, folder], check=True, capture_output=True, text=True)


def test_generating_again_changes_nothing(tmp_path):
    """An installation keeps its passwords however often the script runs; a lost file is made anew."""
    generate(tmp_path / "values")
    before = {path.name: path.read_text() for path in (tmp_path / "values").iterdir()}
    assert generate(tmp_path / "values").stderr == ""
    (tmp_path / "values/nhip_api").unlink()
    generate(tmp_path / "values")
    after = {path.name: path.read_text() for path in (tmp_path / "values").iterdir()}
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"nhip_api"}


def test_secrets_are_closed_to_others_and_random(tmp_path):
    """The folder belongs to its owner alone; the files, readable in containers, differ from each other."""
    generate(tmp_path / "values")
    assert stat.S_IMODE((tmp_path / "values").stat().st_mode) == 0o700
    texts = [path.read_text() for path in (tmp_path / "values").iterdir()]
    assert len(set(texts)) == len(texts)
    for path in (tmp_path / "values").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
        assert "\n" not in path.read_text()


def test_the_admin_key_has_the_form_of_an_api_key(tmp_path):
    """So that a leaked one is recognised by its mark."""
    from domain.credentials import API_KEY_MARK

    generate(tmp_path / "values")
    assert (tmp_path / "values/admin_key").read_text().startswith(API_KEY_MARK)


@pytest.fixture
def run(tmp_path):
    """Run the entry point with a `nhip` that prints its arguments and settings."""
    stub = tmp_path / "bin" / "nhip"
    stub.parent.mkdir()
    stub.write_text('#!/bin/sh\necho "$@"\nenv | grep -E "NHIP|PGPASSWORD" | sort\n', encoding="utf-8")
    stub.chmod(0o755)

    def entrypoint(*arguments, **environment):
        return subprocess.run(
            [ENTRYPOINT, *arguments],
            env={"PATH": f"{stub.parent}:/usr/bin:/bin", **environment},
            check=False,
            capture_output=True,
            text=True,
        )

    return entrypoint


def test_file_settings_become_settings(run, tmp_path):
    """NAME_FILE is replaced by NAME with the file's content; other settings pass through."""
    (tmp_path / "secret").write_text("p a$$\"'w`d\n", encoding="utf-8")
    file = str(tmp_path / "secret")
    done = run("ingest", "--x y", PGPASSWORD_FILE=file, NHIP_INGEST_MQTT_URL_FILE=file, NHIP_API_PORT="8000")
    assert done.stdout.splitlines() == [
        "ingest --x y",
        "NHIP_API_PORT=8000",
        "NHIP_INGEST_MQTT_URL=p a$$\"'w`d",
        "PGPASSWORD=p a$$\"'w`d",
    ]


@pytest.mark.parametrize("content", [None, ""], ids=["missing", "empty"])
def test_a_missing_or_empty_secret_stops_the_container(run, tmp_path, content):
    """With the name of the setting and of the file, before the service starts."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    done = run("api", PGPASSWORD_FILE=str(file))
    assert done.returncode == 2
    assert "PGPASSWORD_FILE" in done.stderr
    assert str(file) in done.stderr
    assert done.stdout == ""
