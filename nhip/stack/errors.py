"""Errors of the one-machine stack; every message says what to do next.

StackError
├── ProgramMissingError      a server program is neither installed nor obtainable
├── PrivilegeError           root may not start a child as another user here
├── NotStartedError          a child was asked about before it was started
├── ChildFailedError         a child ended, or did not become ready in time
├── PortTakenError           somebody else listens on a port we were told to use
├── FolderInUseError         another `nhip demo` works in this data folder
└── ConfigurationError       a setting or an option has a value that cannot be used
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class StackError(Exception):
    """Base of all errors of the one-machine stack."""


class ProgramMissingError(StackError):
    """A server program is neither installed nor obtainable."""

    def __init__(self, program: str, tried: tuple[str, ...], advice: str) -> None:
        self.program = program
        self.tried = tried
        self.advice = advice
        super().__init__(f"no usable {program} found (looked at: {'; '.join(tried)}). {advice}")


class PrivilegeError(StackError):
    """PostgreSQL refuses to run as root, and this container lets root become nobody else."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(
            f"PostgreSQL does not run as root, and root may not start it as another user here ({cause}). "
            "Run the command as an ordinary user, or give a server with --dsn"
        )


class NotStartedError(StackError):
    """A child was asked about before it was started."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} was never started")


class ChildFailedError(StackError):
    """A child ended, or did not become ready in time."""

    def __init__(self, name: str, cause: str, log: Path | None = None, last_lines: str = "") -> None:
        self.name = name
        self.cause = cause
        self.log = log
        where = f"; its log is {log}" if log is not None else ""
        said = f"; it said last:\n{last_lines}" if last_lines else ""
        super().__init__(f"{name} {cause}{where}{said}")


class PortTakenError(StackError):
    """Somebody else listens on a port we were told to use."""

    def __init__(self, port: int, holder: str, option: str) -> None:
        self.port = port
        self.holder = holder
        self.option = option
        super().__init__(f"port {port} is taken by {holder}: end it, or choose another port with {option}")


class FolderInUseError(StackError):
    """Another `nhip demo` works in this data folder."""

    def __init__(self, folder: Path, pid: int | None) -> None:
        self.folder = folder
        self.pid = pid
        who = f"PID {pid}" if pid is not None else "another process"
        super().__init__(
            f"data folder {folder} is in use by {who}: end it, or choose another with --data-dir"
        )


class ConfigurationError(StackError):
    """A setting or an option has a value that cannot be used."""

    def __init__(self, name: str, found: str, expected: str) -> None:
        self.name = name
        self.found = found
        self.expected = expected
        super().__init__(f"{name}: found {found}, expected {expected}")
