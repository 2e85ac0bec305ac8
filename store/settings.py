"""Settings of the store, from the environment (`NHIP_STORE_…`)."""

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class StoreSettings(BaseSettings):
    """Where the database is and how patient we are with it."""

    model_config = SettingsConfigDict(env_prefix="NHIP_STORE_", frozen=True, extra="ignore")

    dsn: SecretStr = Field(description="PostgreSQL connection string, URL or key=value form")
    pool_size_max: int = Field(default=8, ge=1, le=200)
    connect_timeout_s: int = Field(default=10, ge=1, le=600)
    statement_timeout_ms: int = Field(default=30_000, ge=100)
    lock_timeout_ms: int = Field(default=5_000, ge=10)

    @field_validator("dsn")
    @classmethod
    def _check_dsn(cls, dsn: SecretStr) -> SecretStr:
        try:
            conninfo_to_dict(dsn.get_secret_value())
        except ProgrammingError:
            # The driver's message quotes the string, and with it the password.
            message = "expected postgresql://user:password@host:port/database, or host=… dbname=…"
            raise ValueError(message) from None
        return dsn
