"""Debian's `mosquitto_sub`: installed, else unpacked (never installed) below the benchmark's cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROGRAM: Final = "mosquitto_sub"
# What the program links beyond Debian's base system.
_PACKAGES: Final = ("mosquitto-clients", "libmosquitto1", "libcjson1")
_APT_S_MAX: Final = 120.0


class MissingProgramError(Exception):
    """A program is not here and cannot be had; the text says why."""


@dataclass(frozen=True, slots=True)
class ClientProgram:
    """A program with the environment that it needs."""

    path: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def find_subscriber() -> ClientProgram:
    """Return `mosquitto_sub`.

    Raises:
        MissingProgramError: it is not installed and cannot be fetched.
    """
    installed = shutil.which(_PROGRAM)
    if installed is not None:
        return ClientProgram(installed)
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nhip" / "mosquitto-clients"
    if not (folder / "usr" / "bin" / _PROGRAM).exists():
        unpack(_PACKAGES, folder)
    libraries = ":".join(sorted({str(library.parent) for library in folder.glob("**/*.so*")}))
    program = ClientProgram(str(folder / "usr" / "bin" / _PROGRAM), {"LD_LIBRARY_PATH": libraries})
    check = subprocess.run(
        [program.path, "--help"], env=os.environ | program.environment, capture_output=True, check=False
    )
    if b"mosquitto_sub is" not in check.stdout:
        message = f"{program.path} does not start: {check.stderr.decode(errors='replace')[:200]}"
        raise MissingProgramError(message)
    return program


def unpack(packages: tuple[str, ...], folder: Path) -> None:
    """Download Debian packages and unpack them to a folder, which is there whole or not at all.

    Raises:
        MissingProgramError: apt or dpkg is not here, or the package sources are not reachable.
    """
    unfinished = folder.with_name(f"{folder.name}.{os.getpid()}")
    unfinished.mkdir(parents=True)
    try:
        _run(["apt-get", "-qq", "download", *packages], unfinished)
        for package in sorted(unfinished.glob("*.deb")):
            _run(["dpkg", "-x", package.name, "."], unfinished)
            package.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_APT_S_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{command[0]}: {error}"
        raise MissingProgramError(message) from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        message = f"{command[0]}: {lines[-1]}"
        raise MissingProgramError(message)
