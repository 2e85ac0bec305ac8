"""Settings of the processing service, from the environment (`NHIP_PROCESSING_…`)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProcessingSettings(BaseSettings):
    """How eagerly readings become indicators, and the rules that every sensor shares."""

    model_config = SettingsConfigDict(env_prefix="NHIP_PROCESSING_", frozen=True, extra="ignore")

    poll_s: float = Field(default=1.0, gt=0, le=600, description="look for work at least so often")
    debounce_s: float = Field(
        default=0.5, ge=0, le=60, description="wait so long after news, so that a burst is computed once"
    )
    claim_keys_max: int = Field(
        default=50_000, ge=1, le=1_000_000, description="rows of dirty_hour per transaction"
    )
    readings_max: int = Field(
        default=1_000_000, ge=1000, description="readings held in memory at a time, as the intervals foretell"
    )
    grace_s: float = Field(
        default=60.0, ge=0, le=86_400, description="an hour is closed so long after its end"
    )
    refresh_s: float = Field(
        default=300.0, gt=0, description="open hours and going interruptions are brought up to date so often"
    )
    liveness_intervals: float = Field(
        default=2.0, gt=0, le=100, description="a good reading proves life for so many of its intervals"
    )
    max_gap_intervals: float = Field(
        default=3.0, gt=0, le=1000, description="a value holds for at most so many of its sensor's intervals"
    )
    on_time_limit_s: float = Field(
        default=300.0, ge=0, description="a reading that arrives later than this is late"
    )
    pack_after_h: int = Field(
        default=72, ge=0, description="hours that ended so long ago are packed; 0 packs none"
    )
    threads: int = Field(default=2, ge=1, le=256)
    lock_timeout_s: float = Field(
        default=60.0, gt=0, description="patience with another engine that works on the same area"
    )
    statement_timeout_s: float = Field(default=300.0, gt=0)
    metrics_host: str = Field(default="127.0.0.1", min_length=1, description="0.0.0.0 in a container")
    metrics_port: int = Field(default=0, ge=0, le=65_535, description="0 serves none")
