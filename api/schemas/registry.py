"""Areas, sites, gateways, sensors and what is known of them over time."""

from datetime import date, datetime

from pydantic import Field

from api.instants import Instant, TimeZoneName
from api.schemas.base import (
    ABSENT,
    Answer,
    AreaCode,
    AveragingSeconds,
    Body,
    Count,
    GatewayCode,
    IntervalSeconds,
    Latitude,
    Line,
    Longitude,
    Note,
    PayloadFormat,
    Reference,
    SensorCode,
    SensorName,
    SiteCode,
    UnitCode,
)
from domain.periods import DEFAULT_TIME_ZONE
from domain.quantities import QuantityKind, Service
from domain.registry import AreaKind, SiteKind


class AreaNew(Body):
    """A new area."""

    code: AreaCode
    name: Line
    name_en: Line | None = None
    kind: AreaKind
    parent: Reference | None = Field(default=None, description="code or id of the area above")
    time_zone: TimeZoneName = DEFAULT_TIME_ZONE
    valid_from: date | None = None


class AreaChange(Body):
    """What may change of an area; what is left out stays."""

    name: Line = ABSENT
    name_en: Line | None = None
    kind: AreaKind = ABSENT
    parent: Reference | None = None
    time_zone: TimeZoneName = ABSENT
    valid_from: date | None = None


class Area(Answer):
    """A province, city, ward, commune, special zone or free zone."""

    id: int
    code: str
    name: str
    name_en: str | None
    kind: str
    parent: str | None
    time_zone: str
    valid_from: date | None
    retired_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SiteNew(Body):
    """A new site."""

    code: SiteCode
    name: Line
    name_en: Line | None = None
    kind: SiteKind
    area: Reference
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    customers: Count | None = Field(default=None, description="of a feeder: customers it supplies")
    aqi_eligible: bool = Field(default=True, description="false: a reference station, concentrations only")
    zones: list[Reference] = Field(
        default_factory=list, max_length=100, description="free zones it counts in"
    )


class SiteChange(Body):
    """What may change of a site."""

    name: Line = ABSENT
    name_en: Line | None = None
    kind: SiteKind = ABSENT
    area: Reference = ABSENT
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    customers: Count | None = None
    aqi_eligible: bool = ABSENT
    zones: list[Reference] = Field(default=ABSENT, max_length=100)


class Site(Answer):
    """The place where several sensors stand."""

    id: int
    code: str
    name: str
    name_en: str | None
    kind: str
    area: str
    area_name: str
    time_zone: str
    latitude: float | None
    longitude: float | None
    customers: int | None
    aqi_eligible: bool
    zones: list[str]
    retired_at: datetime | None
    created_at: datetime
    updated_at: datetime


class GatewayNew(Body):
    """A new gateway."""

    code: GatewayCode
    name: Line | None = Field(default=None, description="the code when left out")
    payload_format: PayloadFormat = "native"
    archive: bool = Field(default=False, description="replays history: accepts readings from 1970 on")
    accept_past_s: int = Field(default=34_560_000, gt=0, le=3_200_000_000)
    accept_future_s: int = Field(default=300, ge=0, le=86_400)


class GatewayChange(Body):
    """What may change of a gateway; its code is its identity on the broker and stays."""

    name: Line = ABSENT
    payload_format: PayloadFormat = ABSENT
    archive: bool = ABSENT
    accept_past_s: int = Field(default=ABSENT, gt=0, le=3_200_000_000)
    accept_future_s: int = Field(default=ABSENT, ge=0, le=86_400)


class Gateway(Answer):
    """A device that publishes for its sensors over MQTT."""

    id: int
    code: str
    name: str
    payload_format: str
    archive: bool
    accept_past_s: int
    accept_future_s: int
    retired_at: datetime | None
    created_at: datetime
    updated_at: datetime
    sensors: int
    has_credential: bool
    online: bool | None
    status_at: datetime | None
    last_seen_at: datetime | None
    clock_skew_s: float | None
    gap_count: int | None = Field(description="batch ids that are missing now")
    throttled_count: int | None = Field(description="messages refused because the gateway floods")
    throttled_at: datetime | None


class Credential(Answer):
    """A gateway's credential on the broker; the password is shown once and kept nowhere."""

    gateway: str
    username: str
    password: str | None = Field(description="null in the repeated answer to an Idempotency-Key")
    credential_active: bool = Field(description="the broker has loaded it")


class GatewayRegistered(Gateway, Credential):
    """A gateway just registered, with its credential."""


class SensorNew(Body):
    """A new sensor."""

    gateway: Reference
    name: SensorName = Field(description='what the gateway calls it: "s" of a payload')
    quantity: str = Field(max_length=48)
    unit: UnitCode | None = Field(default=None, description="what it sends; the quantity's own when left out")
    interval_s: IntervalSeconds
    averaging_s: AveragingSeconds = 0.0
    site: Reference
    code: SensorCode | None = Field(default=None, description="{gateway}.{name} when left out")
    title: Line | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    deployed_at: Instant | None = Field(
        default=None, description="since when readings are expected; now, or since it was first heard"
    )


class SensorChange(Body):
    """What may change of a sensor; another quantity is another sensor."""

    name: SensorName = ABSENT
    gateway: Reference = ABSENT
    site: Reference = ABSENT
    unit: UnitCode = ABSENT
    interval_s: IntervalSeconds = ABSENT
    averaging_s: AveragingSeconds = ABSENT
    title: Line | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    moved_at: Instant | None = Field(default=None, description="when it was moved to the new site or gateway")
    note: Note | None = Field(default=None, description="why it was moved")


class Sensor(Answer):
    """One observed property at one site, sent by one gateway."""

    id: int
    code: str
    gateway: str
    name: str
    title: str | None
    quantity: str
    unit: str
    stored_unit: str
    interval_s: float
    averaging_s: float
    site: str
    site_name: str
    area: str
    time_zone: str
    latitude: float | None
    longitude: float | None
    retired_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Deployment(Answer):
    """Where a sensor stood, and when."""

    id: int
    site: str
    gateway: str
    valid_from: datetime
    valid_to: datetime | None
    note: str | None


class CalibrationNew(Body):
    """A calibration: calibrated = scale * raw + value_offset; the raw value stays as it was sent."""

    performed_at: Instant | None = None
    valid_from: Instant
    valid_to: Instant | None = None
    scale: float = Field(default=1.0, gt=0, le=1e9)
    value_offset: float = Field(default=0.0, ge=-1e12, le=1e12)
    certificate: Line | None = None
    performed_by: Line | None = None


class Calibration(Answer):
    """A calibration with its validity."""

    id: int
    performed_at: datetime
    valid_from: datetime
    valid_to: datetime | None
    scale: float
    value_offset: float
    certificate: str | None
    performed_by: str | None
    created_at: datetime


class LastReading(Answer):
    """The newest reading of a sensor."""

    ts: datetime
    value: float
    flag: int
    state: int
    received_at: datetime


class SensorStatus(Answer):
    """Whether a sensor is heard."""

    sensor: str
    unit: str
    registered_at: datetime
    last_reading: LastReading | None
    first_valid_reading: LastReading | None = Field(
        description="first good reading received at or after first_valid_reading_since"
    )
    waiting: int = Field(description="readings of it that still wait in quarantine")


class QuantityAnswer(Answer):
    """An observed property, with the units in which sensors may send it."""

    code: str
    title_vi: str
    title_en: str
    service: Service
    service_vi: str
    service_en: str
    unit: str
    units: list[str]
    kind: QuantityKind
    range_min: float | None
    range_max: float | None
