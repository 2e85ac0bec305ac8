"""Where the broker's program comes from: installed, else Debian's package unpacked into a cache folder.

The package is never installed: unpacking changes nothing on the machine, needs no root, starts no service.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nhip.stack.errors import ProgramMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PACKAGE: Final = "mosquitto"
_AMQTT: Final = "amqtt"
_APT_S_MAX: Final = 180.0
# What mosquitto links beyond Debian's base system; used only where apt cannot work out the list.
_USUAL_PACKAGES: Final = ("mosquitto", "libcjson1", "libdlt2", "libwrap0", "libev4", "libwebsockets17")
_ADVICE: Final = "Install mosquitto (`apt-get install mosquitto`), or give a broker with --mqtt"


@dataclass(frozen=True, slots=True)
class BrokerBinary:
    """A broker that can be started: `path -c arguments… configuration`."""

    path: Path
    origin: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    arguments: tuple[str, ...] = ()
    needs: tuple[Path, ...] = ()  # what it must be able to read besides

    @property
    def is_amqtt(self) -> bool:
        """Say whether this is not mosquitto but the substitute."""
        return self.origin == _AMQTT


def amqtt_instead() -> BrokerBinary | None:
    """Return the substitute written in Python, None where it is not installed either."""
    if importlib.util.find_spec(_AMQTT) is None:
        return None
    # `python -c`, not `-m`: the module must have one name, because amqtt imports the plugins in it by name.
    program = "import sys; from nhip.stack.amqtt_broker import main; sys.exit(main(sys.argv[1:]))"
    return BrokerBinary(Path(sys.executable), _AMQTT, arguments=(program,), needs=(Path(__file__),))


class _AptError(Exception):
    """A step of obtaining the package failed; the text says which."""


def find_broker(report: Callable[[str], None], *, cache: Path | None = None) -> BrokerBinary:
    """Return a mosquitto to run.

    Args:
        report: told in one line what is being fetched, because that may take a while.
        cache: where an unpacked package is kept; by default the user's cache folder.

    Raises:
        ProgramMissingError: none is installed and none can be fetched.
    """
    installed = _installed()
    if installed is not None:
        return installed
    folder = (cache or _cache_folder()) / _PACKAGE
    unpacked = _unpacked(folder)
    if unpacked is not None:
        return unpacked
    try:
        _fetch(folder, report)
    except _AptError as error:
        tried = ("PATH", "/usr/sbin", f"Debian's package: {error}")
        raise ProgramMissingError(_PACKAGE, tried, _ADVICE) from error
    unpacked = _unpacked(folder)
    if unpacked is None:
        shutil.rmtree(folder, ignore_errors=True)
        tried = ("PATH", "/usr/sbin", f"{folder} (unpacked, but it does not start)")
        raise ProgramMissingError(_PACKAGE, tried, _ADVICE)
    return unpacked


def _installed() -> BrokerBinary | None:
    found = shutil.which(_PACKAGE, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    return BrokerBinary(Path(found), "system") if found else None


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "nhip"


def _unpacked(folder: Path) -> BrokerBinary | None:
    path = folder / "usr" / "sbin" / _PACKAGE
    if not path.exists():
        return None
    libraries = sorted({str(library.parent) for library in folder.glob("**/*.so*")})
    environment = {"LD_LIBRARY_PATH": ":".join(libraries)}
    return BrokerBinary(path, "unpacked package", environment) if _starts(path, environment) else None


def _starts(path: Path, environment: Mapping[str, str]) -> bool:
    # `-h` prints the version and exits with 3: it tells whether all shared libraries are there.
    try:
        answer = subprocess.run(  # noqa: S603 # a fixed program
            [str(path), "-h"],
            env={**os.environ, **environment},
            capture_output=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return b"mosquitto version" in answer.stdout + answer.stderr


def _fetch(folder: Path, report: Callable[[str], None]) -> None:
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            message = f"{tool} is not on this system"
            raise _AptError(message)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=folder.parent) as work:
        options = _apt_options(Path(work), report)
        packages = _packages(options)
        report(f"fetching the MQTT broker (Debian's {_PACKAGE}, unpacked to {folder}, not installed)")
        download = Path(work) / "download"
        download.mkdir()
        _run(["apt-get", "-qq", *options, "download", *packages], download)
        unpacked = Path(work) / "unpacked"
        unpacked.mkdir()
        for package in sorted(download.glob("*.deb")):
            _run(["dpkg", "-x", str(package), str(unpacked)], download)
        unpacked.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        unpacked.rename(folder)  # whole or not at all, also when two demos fetch at once


def _apt_options(work: Path, report: Callable[[str], None]) -> list[str]:
    """Return the options with which apt knows the package; fetch package lists of our own if needed."""
    if _knows([]):
        return []
    state, archives = work / "state", work / "archives"
    for folder in (state / "lists" / "partial", archives / "archives" / "partial"):
        folder.mkdir(parents=True)
    # A state of our own leaves the machine's lists alone and works without root.
    options = [
        *("-o", f"Dir::State={state}"),
        *("-o", "Dir::State::status=/var/lib/dpkg/status"),
        *("-o", f"Dir::Cache={archives}"),
        *("-o", "APT::Sandbox::User="),
        *("-o", "Debug::NoLocking=1"),
    ]
    report("fetching the package lists of this Debian (once)")
    _run(["apt-get", "-qq", *options, "update"], work)
    if not _knows(options):
        message = f"this system's package sources have no {_PACKAGE}"
        raise _AptError(message)
    return options


def _knows(options: Sequence[str]) -> bool:
    try:
        answer = _run(["apt-cache", *options, "policy", _PACKAGE], Path("/"))
    except _AptError:
        return False
    return re.search(r"Candidate: \d", answer) is not None


def _packages(options: Sequence[str]) -> list[str]:
    """Return mosquitto and those of its dependencies that this system lacks."""
    try:
        plan = _run(
            [
                "apt-get",
                "-s",
                *options,
                "-o",
                "Debug::NoLocking=1",
                "--no-install-recommends",
                "install",
                _PACKAGE,
            ],
            Path("/"),
        )
    except _AptError:  # a half-configured system: apt refuses to plan, but can still download
        return [name for name in _USUAL_PACKAGES if _is_known(name, options)]
    return re.findall(r"^Inst (\S+)", plan, re.MULTILINE) or [_PACKAGE]


def _is_known(name: str, options: Sequence[str]) -> bool:
    try:
        return "Candidate: (none)" not in (
            answer := _run(["apt-cache", *options, "policy", name], Path("/"))
        ) and bool(answer)
    except _AptError:
        return False


def _run(command: Sequence[str], folder: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 # fixed programs
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            timeout=_APT_S_MAX,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"{command[0]}: {error}"
        raise _AptError(message) from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"ended with status {done.returncode}"]
        message = f"{command[0]}: {lines[-1]}"
        raise _AptError(message)
    return done.stdout
