"""Settings of the simulated and replayed gateways, from the environment (`NHIP_SIM_…`)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DeviceSimSettings(BaseSettings):
    """How gateways connect, how much they hold, and how patient they are."""

    model_config = SettingsConfigDict(env_prefix="NHIP_SIM_", frozen=True, extra="ignore")

    connects_parallel_max: int = Field(default=16, ge=1, le=256, description="connections opened at once")
    connect_timeout_s: float = Field(default=10.0, gt=0, le=120)
    reconnect_delay_s_max: float = Field(default=30.0, gt=0, le=3600)
    keepalive_s: int = Field(default=60, ge=5, le=65_535)
    inflight_batches_max: int = Field(default=16, ge=1, le=10_000, description="un-acknowledged, per gateway")
    ack_timeout_s: float = Field(default=15.0, gt=0, le=3600, description="then the batch is sent again")
    ack_timeout_s_max: float = Field(default=60.0, gt=0, le=86_400, description="limit of the doubling")
    outbox_batches_max: int = Field(
        default=200_000, ge=10, description="a full outbox holds back the production of readings"
    )
    batch_s: int = Field(default=5, ge=1, le=600, description="a simulated gateway sends this often")
    history_batch_s: int = Field(default=14_400, ge=60, le=86_400, description="back-filled in such steps")
    history_readings_max: int = Field(default=400_000, ge=1000, description="in one such step")
    history_pending_batches_max: int = Field(default=1000, ge=10, description="then back-filling waits")
    replay_rows_per_batch: int = Field(default=1000, ge=1, le=10_000)
    replay_inflight_batches_max: int = Field(default=64, ge=1, le=10_000)
    replay_pending_batches_max: int = Field(default=256, ge=1, le=100_000)
    api_timeout_s: float = Field(default=60.0, gt=0, le=3600)
    api_wait_s: float = Field(default=60.0, ge=0, le=3600, description="wait for an API that is starting")
    import_rows_per_request: int = Field(default=2000, ge=1, le=100_000)
