"""`nhip demo`: the whole platform on this machine, for a look or a test; ends with Ctrl-C."""

import json
import math
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from nhip.stack.data_folder import DataFolder
    from nhip.stack.demo import DemoOptions, DemoStack


def demo(
    *,
    api_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the pages and the API; 0: any.")
    ] = 8000,
    mqtt_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the MQTT broker; 0: any.")] = 1883,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            help="Keep everything in this folder; by default it is thrown away.", show_default=False
        ),
    ] = None,
    gateways: Annotated[int, typer.Option(min=1, max=100_000, help="Size of the simulated city.")] = 40,
    speed: Annotated[float, typer.Option(help="How many simulated seconds pass in one second.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same city.")] = 1,
    no_sim: Annotated[bool, typer.Option("--no-sim", help="No simulated city.")] = False,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print one JSON line on standard output when ready.")
    ] = False,
    dsn: Annotated[
        str | None, typer.Option(help="Use this PostgreSQL instead of starting one.", show_default=False)
    ] = None,
    mqtt: Annotated[
        str | None,
        typer.Option(
            help="Use this broker (mqtt://user:password@host:port) instead of starting one; its accounts are "
            "then its operator's matter (`nhip broker sync`).",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets phones of the network in.")
    ] = "127.0.0.1",
) -> None:
    """Run the whole platform on this machine, with a simulated city; Ctrl-C ends everything."""
    from nhip.stack.demo import DemoOptions  # noqa: PLC0415 # heavy imports only inside commands

    if not (math.isfinite(speed) and speed > 0):
        raise typer.BadParameter(f"{speed} is not a number above 0", param_hint="'--speed'")  # noqa: EM102, TRY003 # typer's way
    options = DemoOptions(
        host=host,
        api_port=api_port,
        mqtt_port=mqtt_port,
        simulate=not no_sim,
        gateways=gateways,
        seed=seed,
        speed=speed,
        dsn=dsn,
        mqtt=mqtt,
    )
    _run(options, data_dir, json_output=json_output)


def _run(options: "DemoOptions", data_dir: Path | None, *, json_output: bool) -> None:
    import logging  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    from nhip.logs import configure_logging  # noqa: PLC0415
    from nhip.stack.data_folder import DataFolder  # noqa: PLC0415
    from nhip.stack.demo import DemoStack  # noqa: PLC0415
    from nhip.stack.make_recipe import end_with_make  # noqa: PLC0415
    from nhip.stack.supervisor import StopRequested, stop_on_signals  # noqa: PLC0415

    # What happens is told in words by the supervisor; what the services log is followed in their files.
    configure_logging(json=False, level=logging.ERROR)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with stop_on_signals():
        try:
            end_with_make()
            DemoStack.check(options)
            with DataFolder(data_dir) as folder:
                _serve(options, folder, console, json_output=json_output)
        except StopRequested:
            # Ending as asked is a success.
            _say_last(console, "Ended. Nothing is left running.")


def _serve(options: "DemoOptions", folder: "DataFolder", console: "Console", *, json_output: bool) -> None:
    from nhip.stack.demo import DemoStack  # noqa: PLC0415

    status = console.status("starting")
    stack = DemoStack(
        options,
        folder,
        report=lambda line: console.print(f"[yellow]![/] {_escaped(line)}"),
        progress=lambda line: status.update(_escaped(line)),
    )
    try:
        with status:
            for step in stack.steps():
                status.update(f"{step.title} …")
                started = time.monotonic()
                note = step.run()
                console.print(
                    f"[green]✓[/] {step.title}{f', {note}' if note else ''}"
                    f" [dim]({time.monotonic() - started:.1f} s)[/]"
                )
        _print_addresses(stack, console)
        if json_output:
            _print_json(stack)
        stack.supervisor.watch()
    finally:
        _say_last(console, "Ending …")
        try:
            stack.revoke_throw_away_key()
        finally:
            stack.stop()


def _say_last(console: "Console", text: str) -> None:
    # The terminal may be gone, and that may be why we end: it must not keep us from ending in order.
    with suppress(OSError):
        console.print(text)


def _escaped(text: str) -> str:
    from rich.markup import escape  # noqa: PLC0415

    return escape(text)


def _print_addresses(stack: "DemoStack", console: "Console") -> None:
    folder = stack.folder
    kept = "thrown away at the end; --data-dir DIR keeps it" if folder.throw_away else "kept"
    rows = [
        ("Trang chủ (tiếng Việt)", f"{stack.api_url}/?lang=vi"),
        ("Start page (English)", f"{stack.api_url}/?lang=en"),
        ("API", f"{stack.api_url}/docs"),
        ("MQTT", stack.mqtt_url),
        ("Khóa quản trị / admin key", stack.admin_key),
        ("Dữ liệu / data", f"{folder.path} ({kept})"),
        ("Nhật ký / logs", str(folder.logs)),
    ]
    width = max(len(name) for name, _ in rows)
    console.print()
    for name, value in rows:
        console.print(f"  [bold]{name:<{width}}[/]  {_escaped(value)}")
    console.print("\nCtrl-C: kết thúc / ends everything.\n")


def _print_json(stack: "DemoStack") -> None:
    answer = {
        "api": stack.api_url,
        "mqtt": stack.mqtt_url,
        "dsn": stack.dsn,
        "admin_key": stack.admin_key,
        "pids": dict(stack.pids),
    }
    sys.stdout.write(json.dumps(answer) + os.linesep)
    sys.stdout.flush()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)
