"""`nhip key …`: make, list and revoke API keys."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from nhip.cli.output import JsonOption, print_facts, print_json, print_table

_COLUMNS = ("id", "name", "role", "key_prefix", "created_at", "expires_at", "last_used_at", "revoked_at")


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what will use it.")],
    *,
    role: Annotated[str, typer.Option(help="viewer, technician, operator, evaluator or admin.")],
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Days until it expires.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key; prints it, once."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # heavy imports only inside commands

    expires_at = None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
    body = {"name": name, "role": role, "expires_at": expires_at}
    answer = ApiClient.from_environment().request("POST", "/keys", body)
    if as_json:
        print_json(answer)
        return
    print_facts({each: answer[each] for each in ("id", "name", "role", "key")})
    typer.echo("The key is shown this once; it cannot be read again.", err=True)


def list_keys(
    *,
    revoked: Annotated[bool, typer.Option("--revoked", help="Also those that were revoked.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List keys."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # as above

    items = list(ApiClient.from_environment().items("/keys", {"include_revoked": str(revoked).lower()}))
    if as_json:
        print_json({"items": items})
    else:
        print_table(items, _COLUMNS)


def revoke(
    key: Annotated[int, typer.Argument(metavar="ID", help="Id of the key, as listed.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Revoke a key and the sessions that it opened."""
    from nhip.cli.client import ApiClient  # noqa: PLC0415 # as above

    answer = ApiClient.from_environment().request("DELETE", f"/keys/{key}")
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"Key {answer['id']} ({answer['name']}) is revoked.", err=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)
    group.command("create")(create)
    group.command("list")(list_keys)
    group.command("revoke")(revoke)
    app.add_typer(group, name="key")
