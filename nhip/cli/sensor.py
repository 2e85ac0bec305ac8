"""`nhip sensor …`: register sensors one at a time; `nhip import` does many."""

from typing import Annotated

import typer

from nhip.cli.output import JsonOption, print_facts, print_json, print_table

_COLUMNS = ("id", "code", "quantity", "unit", "interval_s", "site", "area", "retired_at")

SensorArgument = Annotated[str, typer.Argument(metavar="SENSOR", help="Code or id of the sensor.")]


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help='What the gateway calls it: "s" of a payload.')],
    *,
    gateway: Annotated[str, typer.Option(help="Code of its gateway.")],
    quantity: Annotated[str, typer.Option(help="What it measures, such as pm25.")],
    interval: Annotated[float, typer.Option(help="Expected seconds between two readings.")],
    site: Annotated[str, typer.Option(help="Code of the site where it stands.")],
    unit: Annotated[str | None, typer.Option(help="UCUM code; the quantity's own by default.")] = None,
    averaging: Annotated[float, typer.Option(help="Seconds over which a reading is a mean.")] = 0.0,
    title: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    code: Annotated[str | None, typer.Option(help="{gateway}.{name} by default.")] = None,
    latitude: Annotated[float | None, typer.Option(help="Where it is not its site's.")] = None,
    longitude: Annotated[float | None, typer.Option(help="Where it is not its site's.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Register a sensor; readings of it that wait in quarantine are taken in at once."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    body = {
        "gateway": gateway,
        "name": name,
        "quantity": quantity,
        "unit": unit,
        "interval_s": interval,
        "averaging_s": averaging,
        "site": site,
        "code": code,
        "title": title,
        "latitude": latitude,
        "longitude": longitude,
    }
    answer = ApiClient.from_environment().request("POST", "/sensors", body)
    (print_json if as_json else print_facts)(answer)


def list_sensors(
    *,
    gateway: Annotated[str | None, typer.Option(help="Only of this gateway.")] = None,
    site: Annotated[str | None, typer.Option(help="Only at this site.")] = None,
    area: Annotated[str | None, typer.Option(help="Only in this area and those below it.")] = None,
    retired: Annotated[bool, typer.Option("--retired", help="Also those no longer in use.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List sensors."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # as above

    query = {"gateway": gateway, "site": site, "area": area, "include_retired": str(retired).lower()}
    items = list(ApiClient.from_environment().items("/sensors", query))
    if as_json:
        print_json({"items": items})
    else:
        print_table(items, _COLUMNS)


def show(sensor: SensorArgument, *, as_json: JsonOption = False) -> None:
    """Show one sensor and its newest reading."""
    from nhip.cli.client import ApiClient, segment  # noqa: PLC0415 # as above

    client = ApiClient.from_environment()
    answer = client.request("GET", f"/sensors/{segment(sensor)}")
    status = client.request("GET", f"/sensors/{answer['id']}/status")
    answer |= {"last_reading": status["last_reading"], "waiting": status["waiting"]}
    (print_json if as_json else print_facts)(answer)


def retire(sensor: SensorArgument, *, as_json: JsonOption = False) -> None:
    """Retire a sensor; it and its readings stay readable."""
    from nhip.cli.client import ApiClient, segment  # noqa: PLC0415 # as above

    answer = ApiClient.from_environment().request("DELETE", f"/sensors/{segment(sensor)}")
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"Sensor {answer['code']} is retired.", err=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Register sensors one at a time.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_sensors)
    group.command("show")(show)
    group.command("retire")(retire)
    app.add_typer(group, name="sensor")
