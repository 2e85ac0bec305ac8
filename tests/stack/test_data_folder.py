"""A data folder has one user at a time, and a throw-away one does not stay."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from nhip.stack.data_folder import DataFolder
from nhip.stack.errors import ConfigurationError, FolderInUseError


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path, monkeypatch):
    """Other demos of this machine are none of our business."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_a_folder_in_use_is_refused_with_the_number_of_its_user(tmp_path):
    with DataFolder(tmp_path / "data"), pytest.raises(FolderInUseError, match=f"PID {os.getpid()}"):
        DataFolder(tmp_path / "data").__enter__()
    with DataFolder(tmp_path / "data") as again:
        assert again.path == tmp_path / "data"


def test_a_chosen_folder_stays_and_a_throw_away_one_goes(tmp_path):
    with DataFolder(tmp_path / "data") as kept:
        (kept.path / "file").write_text("x")
    with DataFolder(None) as thrown:
        (thrown.path / "file").write_text("x")
    assert (kept.path / "file").exists()
    assert not thrown.path.exists()


def test_after_a_failure_the_logs_stay_until_the_next_start():
    with pytest.raises(ValueError, match="broken"), DataFolder(None) as failed:
        raise ValueError("broken")  # noqa: EM101 # any error
    assert failed.path.exists()
    with DataFolder(None) as following:
        assert following.path != failed.path
        assert not failed.path.exists()


def test_the_folder_of_a_killed_demo_is_removed_and_that_of_a_living_one_is_not():
    script = (
        "import os, sys\nfrom nhip.stack.data_folder import DataFolder\n"
        "folder = DataFolder(None).__enter__()\nprint(folder.path, flush=True)\nsys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        path = Path(other.stdout.readline().strip())
        with DataFolder(None):
            assert path.is_dir()
        other.kill()
    with DataFolder(None):
        assert not path.is_dir()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match=r"--data-dir: found .*, a file, expected a folder"):
        DataFolder(tmp_path / "file").__enter__()
