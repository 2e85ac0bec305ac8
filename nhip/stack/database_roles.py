"""The services' roles in the database: log-ins, passwords and the first administrator's key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from domain.credentials import API_KEY_MARK, api_key_hash, api_key_prefix
from nhip.stack.errors import ConfigurationError
from store import connect, statement
from store.errors import translated

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from store import StoreSettings

ROLES: Final = ("nhip_ingest", "nhip_processing", "nhip_api", "nhip_grafana")
_APPLICATION: Final = "nhip-setup"
_OPTION: Final = "--passwords-from"
# Shorter ones could be guessed; those that we make are longer.
_API_KEY_LENGTH_MIN: Final = len(API_KEY_MARK) + 32


def passwords_in(folder: Path) -> dict[str, str]:
    """Return the passwords in files named by role (`nhip_api`, or `nhip_api.txt` and the like).

    Raises:
        ConfigurationError: the folder or a password is missing or empty, or a file names no role of ours.
    """
    if not folder.is_dir():
        raise ConfigurationError(name=_OPTION, found=str(folder), expected="a folder of files named by role")
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.name.partition(".")[0] in ROLES and path.is_file():
            password = path.read_text(encoding="utf-8").strip()
            if not password:
                raise ConfigurationError(name=str(path), found="an empty file", expected="a password")
            found[path.name.partition(".")[0]] = password
    if not found:
        raise ConfigurationError(
            name=_OPTION, found=f"no role's file in {folder}", expected=f"one of {', '.join(ROLES)}"
        )
    return found


def set_passwords(settings: StoreSettings, passwords: Mapping[str, str]) -> None:
    """Let roles log in with these passwords.

    Raises:
        StoreError: the server cannot be reached, or the role of the DSN may not change roles.
    """
    if not passwords:
        return
    with connect(settings, _APPLICATION, autocommit=True) as connection:
        for role, password in passwords.items():
            # A utility statement takes no parameters; psycopg quotes the two values.
            command = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(role), sql.Literal(password)
            )
            try:
                connection.execute(command)
            except psycopg.Error as error:
                raise translated(error) from None  # the statement, with the password, stays out of the cause


def api_key_in(path: Path) -> str:
    """Return the API key that a file holds.

    Raises:
        ConfigurationError: the file cannot be read, or holds something else than one API key.
    """
    try:
        key = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(
            name="--admin-key-file", found=f"{path} ({error.strerror})", expected="a file with an API key"
        ) from None
    if not key.startswith(API_KEY_MARK) or len(key) < _API_KEY_LENGTH_MIN or not key.isprintable():
        raise ConfigurationError(
            name="--admin-key-file",
            found=f"no API key in {path}",
            expected=f"{API_KEY_MARK} and 32 characters or more",
        )
    return key


def role_dsn(dsn: str, role: str, password: str) -> str:
    """Return a connection string with another user and password."""
    return make_conninfo(dsn, user=role, password=password)


def admit_admin_key(settings: StoreSettings, key: str) -> bool:
    """Make an administrator's API key known.

    Returns:
        False when the key is known already and was revoked: the caller needs another one.
    """
    with connect(settings, _APPLICATION) as connection:
        row = connection.execute(
            statement("nhip.stack", "insert_admin_key"),
            {"key_prefix": api_key_prefix(key), "key_hash": api_key_hash(key)},
        ).fetchone()
    return row is not None and bool(row[0])


def revoke_key(settings: StoreSettings, key: str) -> None:
    """Take an API key back."""
    with connect(settings, _APPLICATION) as connection:
        connection.execute(statement("nhip.stack", "revoke_key"), {"key_hash": api_key_hash(key)})
