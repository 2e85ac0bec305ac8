"""`nhip migrate`: bring the database to the schema of this version."""

import json
from pathlib import Path
from typing import Annotated

import typer

from nhip.cli.database import store_settings


def migrate(
    *,
    dsn: Annotated[
        str | None, typer.Option(help="Connection string; by default NHIP_STORE_DSN.", show_default=False)
    ] = None,
    passwords_from: Annotated[
        Path | None,
        typer.Option(
            help="Folder of files named by role (nhip_ingest, nhip_processing, nhip_api, nhip_grafana); "
            "each role gets LOGIN with the password in its file.",
            show_default=False,
        ),
    ] = None,
    admin_key_file: Annotated[
        Path | None,
        typer.Option(
            help="File with an API key (nhip_…) that becomes an administrator's, unless it was revoked.",
            show_default=False,
        ),
    ] = None,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on standard output.")
    ] = False,
) -> None:
    """Bring the database to the schema of this version; safe to run again and from several places at once."""
    from nhip.stack import database_roles  # noqa: PLC0415 # heavy imports only inside commands
    from store.migrations import migrate as upgrade  # noqa: PLC0415

    settings = store_settings(dsn)
    # Before anything is changed: a mistake in the folder must not leave a half-done installation.
    passwords = database_roles.passwords_in(passwords_from) if passwords_from is not None else {}
    admin_key = database_roles.api_key_in(admin_key_file) if admin_key_file is not None else None
    revision = upgrade(settings)
    database_roles.set_passwords(settings, passwords)
    if admin_key is not None and not database_roles.admit_admin_key(settings, admin_key):
        typer.echo(f"The key in {admin_key_file} was revoked; it stays revoked.", err=True)
    if json_output:
        typer.echo(json.dumps({"revision": revision, "roles": sorted(passwords)}))
        return
    typer.echo(f"The database is at revision {revision}.", err=True)
    for role in sorted(passwords):
        typer.echo(f"Role {role} may log in with the password of {passwords_from}/{role}.", err=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(migrate)
