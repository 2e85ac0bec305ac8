"""Which database a command works on: `--dsn`, or the environment."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store import StoreSettings


def store_settings(dsn: str | None) -> "StoreSettings":
    """Return the settings for `dsn`, or those of the environment (NHIP_STORE_DSN) for None."""
    from pydantic import SecretStr  # noqa: PLC0415 # heavy imports only inside commands

    from store import StoreSettings  # noqa: PLC0415

    if dsn is None:
        return StoreSettings()  # pyright: ignore[reportCallIssue] # from the environment
    return StoreSettings(dsn=SecretStr(dsn))
