"""`nhip gateway …`: register gateways, rotate and revoke their credentials."""

from typing import Annotated, Any

import typer

from nhip.cli.output import JsonOption, print_facts, print_json, print_table

_COLUMNS = ("id", "code", "name", "payload_format", "sensors", "online", "last_seen_at", "retired_at")

GatewayArgument = Annotated[str, typer.Argument(metavar="ID", help="Code of the gateway: a-z, 0-9 and -.")]


def add(
    gateway: GatewayArgument,
    *,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    payload_format: Annotated[str, typer.Option("--format", help="What it sends.")] = "native",
    archive: Annotated[bool, typer.Option("--archive", help="It sends history, from 1970 on.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Register a gateway; prints its user name and password, once."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    body = {"code": gateway, "name": name, "payload_format": payload_format, "archive": archive}
    _show_credential(ApiClient.from_environment().request("POST", "/gateways", body), as_json)


def rotate(gateway: GatewayArgument, *, as_json: JsonOption = False) -> None:
    """Give a gateway a new password, printed once; the one before ends."""
    from nhip.cli.client import ApiClient, segment  # noqa: PLC0415 # as above

    answer = ApiClient.from_environment().request("POST", f"/gateways/{segment(gateway)}/credentials")
    _show_credential(answer, as_json)


def _show_credential(answer: dict[str, Any], as_json: bool) -> None:
    shown = {name: answer[name] for name in ("gateway", "username", "password", "credential_active")}
    if as_json:
        print_json(shown)
        return
    print_facts({name: shown[name] for name in ("gateway", "username", "password")})
    typer.echo("The password is shown this once; it cannot be read again.", err=True)
    if not shown["credential_active"]:
        typer.echo("No broker has confirmed yet that it knows the new password.", err=True)


def revoke(gateway: GatewayArgument, *, as_json: JsonOption = False) -> None:
    """Retire a gateway and its sensors, and end its credential; everything stays readable."""
    from nhip.cli.client import ApiClient, segment  # noqa: PLC0415 # as above

    answer = ApiClient.from_environment().request("DELETE", f"/gateways/{segment(gateway)}")
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"Gateway {answer['code']} is retired; its credential has ended.", err=True)


def show(gateway: GatewayArgument, *, as_json: JsonOption = False) -> None:
    """Show one gateway and what was last heard of it."""
    from nhip.cli.client import ApiClient, segment  # noqa: PLC0415 # as above

    answer = ApiClient.from_environment().request("GET", f"/gateways/{segment(gateway)}")
    (print_json if as_json else print_facts)(answer)


def list_gateways(
    *,
    retired: Annotated[bool, typer.Option("--retired", help="Also those no longer in use.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List gateways."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # as above

    query = {"include_retired": str(retired).lower()}
    items = list(ApiClient.from_environment().items("/gateways", query))
    if as_json:
        print_json({"items": items})
    else:
        print_table(items, _COLUMNS)


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Register gateways, rotate and revoke their credentials.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(list_gateways)
    group.command("show")(show)
    group.command("rotate")(rotate)
    group.command("revoke")(revoke)
    app.add_typer(group, name="gateway")
