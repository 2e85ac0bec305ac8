"""`nhip dashboards build [--check]`: the Grafana boards as JSON."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 # typer reads the annotation at run time
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the group `dashboards`."""
    group = typer.Typer(help="Bảng Grafana dưới dạng mã · Grafana boards as code.", no_args_is_help=True)
    group.command("build")(build)
    group.command("list")(list_boards)
    app.add_typer(group, name="dashboards")


def build(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a file is not what the code builds.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where to write; the package's own folder by default.")
    ] = None,
) -> None:
    """Ghi các bảng thành JSON · Write the boards as JSON."""
    from dashboards import GENERATED, difference, write  # noqa: PLC0415 # only this command needs the boards

    target = folder or GENERATED
    if check:
        stale = difference(target)
        for name in stale:
            sys.stderr.write(f"not current: {name}\n")
        raise typer.Exit(1 if stale else 0)
    try:
        written = write(target)
    except OSError as error:
        sys.stderr.write(f"cannot write {target}: {error.strerror or error}\n")
        raise typer.Exit(2) from error
    sys.stderr.write(f"{len(written)} files written to {target}\n")


def list_boards(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array on standard output.")] = False,
) -> None:
    """Liệt kê các bảng · List the boards."""
    import json  # noqa: PLC0415 # only this command needs it

    from dashboards import BOARDS  # noqa: PLC0415 # only this command needs the boards

    if as_json:
        rows = [
            {"uid": board.uid(language), "title": board.title.in_language(language), "language": language}
            for board in BOARDS
            for language in ("vi", "en")
        ]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False) + "\n")
        return
    for board in BOARDS:
        sys.stdout.write(f"{board.slug}\t{board.title.vi} / {board.title.en}\n")
