"""Where client commands keep what they must remember: `$XDG_STATE_HOME/nhip`."""

import os
from pathlib import Path


def state_folder() -> Path:
    """Return the folder, which may not exist yet."""
    given = os.environ.get("XDG_STATE_HOME")
    return (Path(given) if given else Path.home() / ".local" / "state") / "nhip"
