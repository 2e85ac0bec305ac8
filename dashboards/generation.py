"""From boards to the committed files, and back: is what is committed what the code says?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dashboards.board import LANGUAGES
from dashboards.catalogue import BOARDS
from dashboards.json_values import rendered

if TYPE_CHECKING:
    from collections.abc import Sequence

GENERATED: Final = Path(__file__).parent / "generated"


def build() -> dict[str, str]:
    """Return the text of every generated file by its name below `generated/` ("vi/city.json")."""
    return {
        f"{language}/{board.slug}.json": json.dumps(
            rendered(board.model(language), language), ensure_ascii=False, indent=2, sort_keys=True
        )
        + "\n"
        for language in LANGUAGES
        for board in BOARDS
    }


def difference(folder: Path = GENERATED) -> Sequence[str]:
    """Return the names of files that are missing, left over or not what the code builds."""
    wanted = build()
    present = {path.relative_to(folder).as_posix(): path for path in folder.glob("*/*.json")}
    stale = {name for name, path in present.items() if wanted.get(name) != path.read_text(encoding="utf-8")}
    return sorted(stale | (wanted.keys() - present.keys()))


def write(folder: Path = GENERATED) -> Sequence[Path]:
    """Write every generated file, remove what no board builds any more; return the paths written."""
    wanted = build()
    for path in folder.glob("*/*.json"):
        if path.relative_to(folder).as_posix() not in wanted:
            path.unlink()
    written: list[Path] = []
    for name, text in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
