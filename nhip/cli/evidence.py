"""`nhip evidence`: one value with everything that went into it, as one file."""

from pathlib import Path
from typing import Annotated

import typer

from nhip.cli.output import JsonOption, print_facts, print_json


def evidence(
    *,
    indicator: Annotated[str, typer.Argument(help="Code of the indicator.")],
    period: Annotated[str, typer.Option(help="hour, day, month, quarter or year.")],
    start: Annotated[str, typer.Option(help="Start of the period: a date, or an instant with offset.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write, such as value.nhip.zip.")],
    area: Annotated[str | None, typer.Option(help="Value of this area.")] = None,
    site: Annotated[str | None, typer.Option(help="Value of this site.")] = None,
    sensor: Annotated[str | None, typer.Option(help="Value of this sensor.")] = None,
    revision: Annotated[int | None, typer.Option(help="This revision of the value.")] = None,
    as_of: Annotated[str | None, typer.Option(help="As it was published at this instant.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the evidence pack of one value; `nhip verify` computes it again, on any machine."""
    from domain.evidence import sha256  # noqa: PLC0415 # heavy imports only inside commands
    from nhip.cli.client import segment  # noqa: PLC0415 # as above
    from nhip.cli.pack_download import PackClient  # noqa: PLC0415 # as above

    query = {
        "period": period,
        "start": start,
        "area": area,
        "site": site,
        "sensor": sensor,
        "revision": revision,
        "as_of": as_of,
    }
    client = PackClient.from_environment()
    content = client.download(f"/indicators/{segment(indicator)}/evidence", query)
    output.write_bytes(content)
    told = {"file": str(output), "bytes": len(content), "sha256": sha256(content)}
    print_json(told) if as_json else print_facts(told)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evidence")(evidence)
