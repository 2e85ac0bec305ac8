"""`nhip warmup`: compile the kernels ahead of the first use."""

from typing import Annotated

import typer

from nhip.cli.output import print_facts, print_json


def warmup(
    *,
    json: Annotated[
        bool, typer.Option("--json", help="Print the answer as JSON on standard output.")
    ] = False,
) -> None:
    """Compile the kernels, or load what an earlier run compiled (NUMBA_CACHE_DIR says where that is kept)."""
    from rich.console import Console  # noqa: PLC0415 # heavy imports only inside commands

    with Console(stderr=True).status("compiling the kernels (up to half a minute the first time)"):
        from processing.warming import warm_kernels  # noqa: PLC0415

        seconds = {name: round(taken_s, 3) for name, taken_s in warm_kernels(files=True).items()}
    if json:
        print_json({"seconds": seconds})
    else:
        print_facts({name: f"{taken_s} s" for name, taken_s in seconds.items()})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(warmup)
