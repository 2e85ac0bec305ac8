"""The folder of one `nhip demo`: cluster, broker, secrets, logs; used by one at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from nhip.stack.errors import ConfigurationError, FolderInUseError
from nhip.stack.vault import Vault

if TYPE_CHECKING:
    from types import TracebackType
    from typing import IO

_THROW_AWAY_PREFIX: Final = "nhip-demo-"
_LOCK: Final = "lock"


class DataFolder:
    """A locked data folder, kept or throw-away.

    Args:
        chosen: the folder to use and keep; None makes one that is removed at the end.
    """

    def __init__(self, chosen: Path | None) -> None:
        self.throw_away = chosen is None
        if chosen is None:
            _remove_abandoned()
            self.path = Path(tempfile.mkdtemp(prefix=_THROW_AWAY_PREFIX))
            self.path.chmod(0o711)  # the servers run as another user when we are root
        else:
            self.path = chosen.expanduser().absolute()
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        """Lock it.

        Raises:
            FolderInUseError: another process has it.
            ConfigurationError: it is not a folder.
        """
        if self.path.exists() and not self.path.is_dir():
            raise ConfigurationError(name="--data-dir", found=f"{self.path}, a file", expected="a folder")
        self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = (self.path / _LOCK).open("a+", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise FolderInUseError(self.path, int(holder) if holder.isdecimal() else None) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After a failure the logs are worth reading; the next demo removes the folder.
        if self.throw_away and (kind is None or not issubclass(kind, Exception)):
            shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()

    @property
    def vault(self) -> Vault:
        """The generated secrets."""
        return Vault(self.path / "secrets")

    @property
    def logs(self) -> Path:
        """The folder of the logs."""
        return self.path / "log"

    @property
    def pids_file(self) -> Path:
        """Where the process ids are kept current."""
        return self.path / "run" / "pids.json"


def _remove_abandoned() -> None:
    """Remove throw-away folders of demos that were killed before they could do it themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_THROW_AWAY_PREFIX}*"):
        try:
            if folder.stat().st_uid != os.geteuid() or folder.is_symlink():
                continue
            with (folder / _LOCK).open("r+", encoding="ascii") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # in use, or just being made
