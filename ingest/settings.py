"""Settings of the ingester, from the environment (`NHIP_INGEST_…`)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.service_accounts import SERVICE_USERS

_SHARD: Final = re.compile(r"([1-9][0-9]?)/([1-9][0-9]?)")
# As many as the brokers of `nhip broker sync` have accounts for.
_SHARDS_MAX: Final = len(SERVICE_USERS)


class IngestSettings(BaseSettings):
    """Where the broker is, and the bound of everything that could grow."""

    model_config = SettingsConfigDict(env_prefix="NHIP_INGEST_", frozen=True, extra="ignore")

    mqtt_url: SecretStr = Field(description="mqtt://user:password@host:port; mqtts:// for TLS")
    client_id: str = Field(default="nhip-ingest", min_length=1, max_length=64)
    shard: str = Field(
        default="1/1", description="i/n: this is the i-th of n ingesters that share the messages"
    )
    retire: bool = Field(
        default=False, description="drain the shard's session, end it, and end: it is given up"
    )
    retire_quiet_s: float = Field(
        default=5.0, gt=0, description="it is drained after so long without a message"
    )
    keepalive_s: int = Field(default=30, ge=2, le=600)
    session_expiry_s: int = Field(default=7 * 86_400, ge=86_400, le=2**32 - 2)
    reconnect_s_max: float = Field(default=5.0, gt=0, le=300)

    # About 25,000 readings of the row form: measured, larger batches write no faster.
    batch_bytes_max: int = Field(default=1_500_000, ge=1_000)
    batch_messages_max: int = Field(default=4_000, ge=1, le=65_535)
    batch_age_s_max: float = Field(default=0.04, gt=0, le=10)
    batch_busy_age_s_max: float = Field(default=0.1, gt=0, le=10, description="where messages pour in")
    inflight_max: int = Field(
        default=10_000, ge=1, le=65_535, description="messages received and not yet done"
    )
    inflight_bytes_max: int = Field(default=32_000_000, ge=100_000)
    writers: int = Field(default=2, ge=1, le=16, description="connections that write batches side by side")
    ack_age_s_max: float = Field(
        default=0.25, ge=0, le=10, description="under load acknowledgements to a gateway are merged so long"
    )
    gateway_messages_s_max: float = Field(default=1_000, gt=0, description="above it a gateway may flood")
    gateway_bytes_s_max: float = Field(default=4_000_000, gt=0, description="likewise")
    payload_bytes_max: int = Field(default=262_144, ge=1_000)

    quarantine_payload_bytes_max: int = Field(default=65_536, ge=1_000, description="kept of a too large one")
    quarantine_groups_max: int = Field(default=256, ge=1, description="quarantine rows of one message")
    quarantine_rows_day_max: int = Field(default=50_000, ge=1, description="per gateway")
    quarantine_bytes_day_max: int = Field(default=64_000_000, ge=1_000, description="per gateway")
    quarantine_total_rows_day_max: int = Field(default=1_000_000, ge=1, description="all gateways together")
    replay_chunk_rows: int = Field(default=500, ge=1, le=10_000)

    commit_s_max: float = Field(default=30.0, gt=0, le=600, description="then the connection is closed")
    retry_s_max: float = Field(default=5.0, gt=0, le=300)
    stall_s_max: float = Field(default=60.0, ge=5, description="then the process ends, to be restarted")
    drain_s_max: float = Field(default=8.0, gt=0, le=60)
    registry_reload_s: float = Field(default=60.0, gt=0)
    metrics_host: str = Field(default="127.0.0.1", min_length=1, description="0.0.0.0 in a container")
    metrics_port: int = Field(default=0, ge=0, le=65_535, description="0 serves none")

    @property
    def shard_number(self) -> int:
        """Which of the ingesters this is, from 1."""
        return int(self.shard.partition("/")[0])

    @property
    def shard_count(self) -> int:
        """How many ingesters share the messages."""
        return int(self.shard.partition("/")[2])

    @field_validator("shard")
    @classmethod
    def _check_shard(cls, shard: str) -> str:
        parts = _SHARD.fullmatch(shard)
        if parts is None or not 1 <= int(parts[1]) <= int(parts[2]) <= _SHARDS_MAX:
            message = f"expected i/n with 1 <= i <= n <= {_SHARDS_MAX}, found {shard!r}"
            raise ValueError(message)
        return shard

    @field_validator("mqtt_url")
    @classmethod
    def _check_url(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            message = f"expected mqtt://user:password@host:port, found scheme {parts.scheme!r}"
            raise ValueError(message)
        _ = parts.port  # raises when it is not a port
        return url
