"""All boards: every module of `dashboards.boards` holds one, named BOARD."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from dashboards import boards
from dashboards.board import Board


def _discovered() -> tuple[Board, ...]:
    found: list[Board] = []
    for name in sorted(module.name for module in pkgutil.iter_modules(boards.__path__)):
        board = importlib.import_module(f"dashboards.boards.{name}").BOARD
        if not isinstance(board, Board) or board.slug != name.replace("_", "-"):
            message = f"dashboards/boards/{name}.py: BOARD must be a Board with the slug of its file"
            raise TypeError(message)
        found.append(board)
    return tuple(found)


BOARDS: Final = _discovered()
