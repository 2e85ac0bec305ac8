"""The last step before a child program: give up privileges, tie our life to the parent's, become the program.

Run as a script (`python -I -S child.py '{"parent": 1, …}' program argument…`), so that nothing has to happen
between fork and exec in a parent with threads. Standard library only, and nothing of ours: it must start fast
and even where the packages are not readable any more.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Final, TypedDict

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_KEEPCAPS: Final = 8
_PR_SET_SECUREBITS: Final = 28
_SECBIT_NO_SETUID_FIXUP: Final = 1 << 2
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_RAISE: Final = 2
_CAP_DAC_OVERRIDE: Final = 1
_CAPABILITY_VERSION: Final = 0x20080522
_CLONE_NEWUSER: Final = 0x10000000
EXIT_PRIVILEGE: Final = 77  # EX_NOPERM of sysexits.h


class Orders(TypedDict):
    """What the parent wants done before the program starts."""

    parent: int
    death_signal: int
    mode: str  # self | user | namespace, see nhip.stack.identity
    name: str
    uid: int
    gid: int
    override: (
        bool  # keep CAP_DAC_OVERRIDE: the program or its folder lies below a closed folder such as /root
    )


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _prctl(*arguments: int) -> None:
    _checked(_LIBC.prctl(*(ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:5])), "prctl")


def end_with_parent(number: int) -> None:
    """Ask the kernel to send us a signal when our parent, or the thread of it that started us, ends."""
    _prctl(_PR_SET_PDEATHSIG, number)


def _keep_capabilities() -> None:
    try:
        # Without the fix-up a change of user takes no capability away, and access(2) counts them. PostgreSQL
        # asks access(2) whether it may run its own programs, and these may be in a virtual environment below
        # a closed folder.
        _prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP)
    except OSError:  # no CAP_SETPCAP; programs that do not ask get by with this
        _prctl(_PR_SET_KEEPCAPS, 1)


def _keep_override() -> None:
    header = _CapabilityHeader(_CAPABILITY_VERSION, 0)
    bit = 1 << _CAP_DAC_OVERRIDE
    data = (_CapabilityData * 2)(_CapabilityData(bit, bit, bit), _CapabilityData(0, 0, 0))
    _checked(_LIBC.capset(ctypes.byref(header), ctypes.byref(data)), "capset")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE)


def _become_user(orders: Orders) -> None:
    os.initgroups(orders["name"], orders["gid"])
    os.setresgid(orders["gid"], orders["gid"], orders["gid"])
    if orders["override"]:
        _keep_capabilities()
    os.setresuid(orders["uid"], orders["uid"], orders["uid"])
    if orders["override"]:
        _keep_override()


def _enter_namespace(orders: Orders) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    _checked(_LIBC.unshare(_CLONE_NEWUSER), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{orders['uid']} {outer_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{orders['gid']} {outer_gid} 1", encoding="ascii")


def main(arguments: list[str]) -> int:
    """Do as ordered, then become the program; returns only when that failed."""
    orders: Orders = json.loads(arguments[0])
    program = arguments[1:]
    try:
        if orders["mode"] == "user":
            _become_user(orders)
        elif orders["mode"] == "namespace":
            _enter_namespace(orders)
    except OSError as error:
        print(f"cannot become {orders['name']}: {error}", file=sys.stderr)  # noqa: T201 # the log is standard error
        return EXIT_PRIVILEGE
    # After the change of user, because the kernel forgets the death signal at every change of credentials.
    end_with_parent(orders["death_signal"])
    if os.getppid() != orders["parent"]:
        return 128 + signal.SIGKILL  # the parent died before we asked to be told
    # An interrupted pytest or shell may leave these ignored, and an ignored signal survives exec.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Python ignores SIGPIPE; the programs expect the default.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(program[0], program)  # noqa: S606 # no shell is the point
    except OSError as error:
        print(f"cannot start {program[0]}: {error}", file=sys.stderr)  # noqa: T201 # the log is standard error
    return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
