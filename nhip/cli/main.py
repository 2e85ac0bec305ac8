"""The entry point `nhip`: finds the groups of commands, runs one, and says errors in one line."""

import importlib
import os
import pkgutil
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

import nhip.cli
from nhip.cli.explanation import EXIT_USER_ERROR, explained


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 # 30 ms that no other command needs

        typer.echo(f"nhip {version('nhip')}")
        raise typer.Exit


def build_app(command: str | None = None) -> typer.Typer:
    """Return the command line with every module of this folder that has a `register` function.

    Args:
        command: what is to be run; when a module bears its name, no other module is imported. None: all are.
    """
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
    if command is not None and _register(app, command.replace("-", "_")) and command in _names(app):
        return app
    for module in sorted(pkgutil.iter_modules(nhip.cli.__path__), key=lambda found: found.name):
        _register(app, module.name)
    return app


def _register(app: typer.Typer, name: str) -> bool:
    """Add the commands of a module; return whether there are any."""
    if not name.isidentifier() or find_spec(f"nhip.cli.{name}") is None:
        return False
    register = getattr(importlib.import_module(f"nhip.cli.{name}"), "register", None)
    if register is None:
        return False
    register(app)
    return True


def _names(app: typer.Typer) -> set[str | None]:
    """Return the names of the commands and groups that were added."""
    alone = {one.name or getattr(one.callback, "__name__", None) for one in app.registered_commands}
    return alone | {one.name for one in app.registered_groups}


def main() -> None:
    """Run one command; a user's error ends with one line and status 2, never with a traceback."""
    try:
        build_app(next(iter(sys.argv[1:]), None))()
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
