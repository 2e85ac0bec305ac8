"""The entry point `nhip`: finds the groups of commands, runs one, and says errors in one line."""

import importlib
import os
import pkgutil
import sys
from importlib.metadata import version
from typing import Annotated

import typer

import nhip.cli
from nhip.cli.explanation import EXIT_USER_ERROR, explained


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nhip {version('nhip')}")
        raise typer.Exit


def build_app() -> typer.Typer:
    """Return the command line with every module of this folder that has a `register` function."""
    app = typer.Typer(
        name="nhip",
        help="Nhịp: IoT telemetry for city indicators. `nhip demo` shows the whole platform on this machine.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def common(
        show_version: Annotated[
            bool,
            typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
        ] = False,
    ) -> None:
        """Take the options that belong to no command."""

    # typer would show the docstring above in place of the help text.
    common.__doc__ = None
    for module in sorted(pkgutil.iter_modules(nhip.cli.__path__), key=lambda found: found.name):
        register = getattr(importlib.import_module(f"nhip.cli.{module.name}"), "register", None)
        if register is not None:
            register(app)
    return app


def main() -> None:
    """Run one command; a user's error ends with one line and status 2, never with a traceback."""
    try:
        build_app()()
    except BrokenPipeError:
        # The reader of our output (`| head`) has seen enough; keep the interpreter's last flush silent too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        lines = explained(error)
        if lines is None:
            raise
        for line in lines:
            print(f"nhip: {line}", file=sys.stderr)  # noqa: T201 # the command line's own voice
        sys.exit(EXIT_USER_ERROR)


if __name__ == "__main__":
    main()
