"""Settings of the HTTP service, from the environment (`NHIP_API_…`)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiSettings(BaseSettings):
    """Where the service listens, who may read, and the bounds of every request and answer."""

    model_config = SettingsConfigDict(env_prefix="NHIP_API_", frozen=True, extra="ignore")

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8000, ge=0, le=65_535, description="0 takes a free port")
    public_read: bool = Field(default=True, description="reads need no key; changes always do")
    mqtt_public_url: str | None = Field(
        default=None, description="where gateways connect, shown on the pages"
    )
    cookie_secure: bool = Field(
        default=False, description="true behind TLS: the cookie never travels in clear"
    )
    forwarded_allow_ips: str = Field(default="127.0.0.1", description="proxies whose X-Forwarded-* count")

    page_size_default: int = Field(default=1_000, ge=1, le=10_000)
    page_size_max: int = Field(default=10_000, ge=1, le=100_000)
    export_rows_max: int = Field(default=10_000_000, ge=1)
    import_rows_max: int = Field(default=200_000, ge=1)
    import_bytes_max: int = Field(default=32 * 1024 * 1024, ge=1024)
    body_bytes_max: int = Field(default=1024 * 1024, ge=1024)

    session_s: int = Field(default=12 * 3600, ge=60)
    failures_max: int = Field(default=30, ge=1, description="wrong keys from one client within the window")
    failures_window_s: int = Field(default=60, ge=1)
    idempotency_keep_s: int = Field(default=48 * 3600, ge=60)

    pool_wait_s_max: float = Field(default=5.0, gt=0)
    credential_wait_s_max: float = Field(default=5.0, ge=0)
    throughput_sample_s: float = Field(default=2.0, gt=0)
    metrics: bool = Field(default=True, description="serve /metrics")
