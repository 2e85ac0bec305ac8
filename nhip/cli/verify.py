"""`nhip verify`: an evidence pack checked and computed again, without a database."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nhip.cli.output import JsonOption, print_facts, print_json, print_table

EXIT_DIFFERENT = 1
_COLUMNS = ("name", "in_the_pack", "computed_now")


def verify(
    *,
    file: Annotated[Path, typer.Argument(help="The pack, as `nhip evidence` wrote it.")],
    as_json: JsonOption = False,
) -> None:
    """Check every byte of an evidence pack and compute its value again.

    Status 0: the same numbers came out, bit for bit; 1: they differ; 2: the pack cannot be read, or was
    changed after it was made.
    """
    from processing.evidence.verifying import verify as verified  # noqa: PLC0415 # heavy imports only here

    report = verified(file.read_bytes())
    manifest = report.manifest
    value = manifest["value"]
    told: dict[str, Any] = {
        "result": "identical" if report.identical else "different",
        "sha256": report.sha256,
        "indicator": manifest["indicator"],
        "subject": f"{manifest['subject']['kind']} {manifest['subject']['code']}",
        "period": f"{manifest['period']} {manifest['period_start']}",
        "revision": value["revision"],
        "value": value["value"],
        "recomputed": report.recomputed["value"],
        "computed_from": manifest["computed_from"],
        "method_version": value["method_version"],
        "method_installed": report.method_installed,
        "same_method": report.same_method,
        "rule_sets_changed": ", ".join(report.rule_sets_changed) or None,
        "not_reproducible": ", ".join(manifest["not_reproducible"]) or None,
    }
    differences = [
        {"name": one.name, "in_the_pack": one.told, "computed_now": one.found} for one in report.differences
    ]
    if as_json:
        print_json(told | {"differences": differences})
    else:
        print_facts(told)
        if differences:
            print_table(differences, _COLUMNS)
    if not report.identical:
        raise typer.Exit(EXIT_DIFFERENT)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)
