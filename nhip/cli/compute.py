"""`nhip compute`: indicators and kernels on files, without a database or a broker."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from domain.periods import DEFAULT_TIME_ZONE, Period
from nhip.cli.output import JsonOption, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Callable

_COLUMNS: Final = (
    "subject",
    "period",
    "period_start",
    "value",
    "unit",
    "n",
    "completeness",
    "verdict",
    "limit",
    "responsible",
    "note",
    "detail",
)


def compute(
    code: Annotated[
        str, typer.Argument(metavar="CODE", help="An indicator, or kernel.NAME; --list shows all.")
    ] = "",
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE…",
            help="CSV or Parquet: sensor, quantity, ts, value[, flag][, unit][, site]; gzip too; - is stdin.",
        ),
    ] = None,
    *,
    mapping: Annotated[
        str | None, typer.Option(metavar="M.toml", help="Read any CSV by a replay mapping.")
    ] = None,
    period: Annotated[
        Period | None,
        typer.Option(help="All periods of the indicator, or a kernel's whole series, unless set."),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            help="Local time of periods, and of stamps without an offset; else the mapping's, "
            f"else {DEFAULT_TIME_ZONE}."
        ),
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A parameter; may be repeated.")
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Interruptions: start,end,customers,planned,excluded_reason."),
    ] = None,
    customers: Annotated[float | None, typer.Option(metavar="N", help="Customers served.")] = None,
    interval_s: Annotated[
        float | None,
        typer.Option(
            "--interval-s", metavar="N", help="Expected distance of readings; else the median step."
        ),
    ] = None,
    definition: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="A user-defined indicator; CODE is then a file. `nhip indicator list` shows stored ones.",
        ),
    ] = None,
    list_all: Annotated[
        bool,
        typer.Option(
            "--list",
            help="List every indicator and kernel of the program with its parameters; no database is asked.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compute an indicator or a kernel from files, without a database or a broker.

    The same rules and functions as in the service: of rows with one stamp the first counts, flags 4 and 9
    and device states 01 and 02 are left out, units are converted, an hour needs 75 % of its readings.
    """
    if list_all:
        _list(code, as_json=as_json)
        return
    from processing.compute.small_files import answered  # noqa: PLC0415 # heavy imports only inside

    paths = list(files or ())
    if definition is not None and code:
        paths.insert(0, Path(code))
        code = ""
    parameters = dict(_pair(one) for one in param or ())

    def answer_request() -> "dict[str, Any]":
        from processing.compute.command import Request, compute_request  # noqa: PLC0415 # as above

        request = Request(
            code,
            tuple(paths),
            period,
            zone or _default_zone(mapping),
            parameters,
            events,
            customers,
            interval_s,
            None if mapping is None else _mapped(mapping),
            definition,
        )
        return compute_request(request)

    read = [*paths, *([] if events is None else [events]), *([] if definition is None else [definition])]
    answer = answered(read, answer_request)
    if as_json:
        print_json(answer)
        return
    print_table([_row(item) for item in answer["items"]], _used_columns(answer["items"]))
    told = ", ".join(f"{count} {name}" for name, count in answer["inputs"].items())
    typer.echo(f"{len(answer['items'])} values; {told}", err=True)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        message = f"found {text!r}, expected NAME=VALUE"
        raise typer.BadParameter(message, param_hint="--param")
    return name.strip(), value.strip()


def _mapped(mapping: str) -> "Callable[[Any, Path], None]":
    from nhip.mapped_files import take_mapped  # noqa: PLC0415 # as above

    return take_mapped(mapping)


def _default_zone(mapping: str | None) -> str:
    if mapping is None:
        return DEFAULT_TIME_ZONE
    from nhip.mapped_files import zone_of_mapping  # noqa: PLC0415 # as above

    return zone_of_mapping(mapping)


def _row(item: dict[str, Any]) -> dict[str, Any]:
    import json  # noqa: PLC0415 # as above

    detail = item["detail"]
    return item | {
        "subject": item["subject"]["code"],
        "detail": None if detail is None else json.dumps(detail, ensure_ascii=False),
    }


def _used_columns(items: list[dict[str, Any]]) -> list[str]:
    """Return the columns that say something; a table of dashes helps nobody."""
    always = {"subject", "period", "period_start", "value", "unit", "n"}
    return [name for name in _COLUMNS if name in always or any(item[name] is not None for item in items)]


def _list(code: str, *, as_json: bool) -> None:
    from processing.compute.listing import listed  # noqa: PLC0415 # as above

    entries = [one for one in listed() if not code or code in one["code"]]
    if as_json:
        print_json({"items": entries})
        return
    rows = [
        {
            "code": one["code"],
            "title": one["title"]["en"],
            "tiêu đề": one["title"]["vi"],
            "unit": one["unit"],
            "reads": ", ".join(one["quantities"]) or one["columns"],
            "periods": ", ".join(one["periods"]),
            "parameters": ", ".join(
                f"{each['name']}={'' if each['default'] is None else each['default']}"
                for each in one["parameters"]
            ),
        }
        for one in entries
    ]
    print_table(rows, ("code", "title", "tiêu đề", "unit", "reads", "periods", "parameters"))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compute")(compute)
