"""As whom the servers run: ourselves, or, when we are root, an unprivileged user."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from nhip.stack.errors import PrivilegeError

# CAP_CHOWN, CAP_SETGID, CAP_SETUID: what it takes to hand a folder over and to become its new owner.
_CAPABILITIES_NEEDED: Final = (1 << 0) | (1 << 6) | (1 << 7)
_CAPABILITY_DAC_OVERRIDE: Final = 1 << 1
_CANDIDATES: Final = ("postgres", "nobody", "daemon")


class Mode(StrEnum):
    """How a child comes to its user id."""

    SELF = "self"
    USER = "user"
    NAMESPACE = "namespace"


@dataclass(frozen=True, slots=True)
class Identity:
    """A user that a server runs as."""

    mode: Mode
    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Hand a file or folder (not what is in it) to this user."""
        if self.mode is Mode.USER:
            os.chown(path, self.uid, self.gid)

    def own_tree(self, folder: Path) -> None:
        """Hand a folder with all that is in it to this user, if it is not theirs already.

        A data folder that was kept may have been made by somebody else before it came to us.
        """
        if self.mode is not Mode.USER or folder.stat().st_uid == self.uid:
            return
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(parent) / name, self.uid, self.gid, follow_symlinks=False)
        os.chown(folder, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Say whether this user can get to a path without special rights."""
        if self.mode is not Mode.USER:
            return True
        return all(self._passes(folder) for folder in path.resolve().parents)

    def _passes(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def myself() -> Identity:
    """Return the identity that we have already."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)  # containers started with --user 12345 have no name for it
    return Identity(Mode.SELF, name, uid, os.getegid())


def unprivileged() -> Identity:
    """Return who the servers run as: ourselves, or an unprivileged user when we are root.

    As root an existing system user is taken. Where root has lost the right to change users (`--cap-drop
    ALL`, a namespace with a single user), a user namespace makes root look like that user to the server.

    Raises:
        PrivilegeError: we are root and neither way is open.
    """
    if os.geteuid() != 0:
        return myself()
    account = _account()
    if _effective_capabilities() & _CAPABILITIES_NEEDED == _CAPABILITIES_NEEDED and _is_mapped(
        account.pw_uid
    ):
        return Identity(Mode.USER, account.pw_name, account.pw_uid, account.pw_gid)
    return Identity(Mode.NAMESPACE, account.pw_name, account.pw_uid, account.pw_gid)


def may_override() -> bool:
    """Say whether we can let a child pass closed folders (CAP_DAC_OVERRIDE)."""
    return bool(_effective_capabilities() & _CAPABILITY_DAC_OVERRIDE)


def _account() -> pwd.struct_passwd:
    for name in _CANDIDATES:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        if account.pw_uid != 0:
            return account
    cause = f"none of the users {', '.join(_CANDIDATES)} exists"
    raise PrivilegeError(cause)


def _effective_capabilities() -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def _is_mapped(uid: int) -> bool:
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        first, _, count = (int(field) for field in line.split())
        if first <= uid < first + count:
            return True
    return False
