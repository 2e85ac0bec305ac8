"""Interruptions, maintenance, targets, the ledger, quarantine, imports, keys, the overview."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from api.instants import Instant
from api.permissions import Role
from api.schemas.base import ABSENT, Answer, Body, Count, Line, Note, Reference
from api.schemas.measurements import LatestReading
from domain.periods import Period


class InterruptionNew(Body):
    """An interruption entered by hand."""

    site: Reference
    started_at: Instant
    ended_at: Instant | None = None
    customers: Count | None = Field(default=None, description="those of the site when left out")
    planned: bool = False
    excluded_reason: Line | None = None
    note: Note | None = None


class InterruptionChange(Body):
    """What people may say of an interruption; its times come from measurements unless entered by hand."""

    ended_at: Instant | None = None
    customers: Count = ABSENT
    planned: bool = ABSENT
    excluded_reason: Line | None = None
    note: Note | None = None


class Interruption(Answer):
    """A loss of supply at a site."""

    id: int
    site: str
    site_name: str
    area: str
    sensor: str | None
    started_at: datetime
    ended_at: datetime | None
    duration_s: float | None
    customers: int
    planned: bool
    excluded_reason: str | None
    note: str | None
    updated_at: datetime


class MaintenanceNew(Body):
    """A maintenance window of a sensor or of a whole site."""

    sensor: Reference | None = None
    site: Reference | None = None
    starts_at: Instant
    ends_at: Instant
    reason: Line


class Maintenance(Answer):
    """A declared maintenance window; planned only when declared before it starts."""

    id: int
    sensor: str | None
    site: str | None
    starts_at: datetime
    ends_at: datetime
    declared_at: datetime
    planned: bool
    reason: str


class ProgrammeNew(Body):
    """A programme (Đề án) with its document."""

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    title: Line
    document: Line
    area: Reference
    valid_from: date
    valid_to: date | None = None


class Programme(Answer):
    """A programme (Đề án)."""

    id: int
    code: str
    title: str
    document: str
    area: str
    valid_from: date
    valid_to: date | None


class TargetNew(Body):
    """A target of a programme; the same programme, indicator, area and period replaces it."""

    programme: str = Field(min_length=1, max_length=64)
    indicator: str = Field(min_length=1, max_length=64)
    area: Reference
    period: Period
    direction: Literal["higher", "lower", "range"]
    baseline: float | None = None
    baseline_year: int | None = Field(default=None, ge=1900, le=2999)
    target: float = Field(description="to reach; the lower end where the direction is range")
    target_max: float | None = Field(default=None, description="upper end, where the direction is range")
    due_year: int = Field(ge=1900, le=2999)
    milestones: dict[int, float] = Field(
        default={}, max_length=50, description="year -> value to have reached by then"
    )
    group: str = Field(default="", max_length=32, description="group of the official set, such as B1")
    level: int | None = Field(default=None, ge=1, le=3, description="level of maturity it belongs to")
    source: Line


class Target(Answer):
    """A target of a programme."""

    id: int
    programme: str
    indicator: str
    area: str
    period: str
    direction: str
    baseline: float | None
    baseline_year: int | None
    target: float
    target_max: float | None
    due_year: int
    milestones: dict[int, float]
    group: str
    level: int | None
    source: str


class Tally(Answer):
    """What became of readings: received = stored + duplicate + conflict + quarantined + rejected."""

    gateway: str
    hour: datetime | None = Field(default=None, description="null in sums by gateway")
    messages: int
    received: int
    stored: int
    duplicate: int
    conflict: int
    quarantined: int
    rejected: int = Field(
        description="beyond the bounds of quarantine, or refused because the gateway floods"
    )
    balanced: bool = Field(description="the sum holds in every hour")
    gap_count: int | None = Field(
        default=None,
        description="batch ids that are missing now; this and the rest is what was last heard of the gateway,"
        " whatever the span, and null in items by hour",
    )
    last_batch_id: str | None = Field(default=None, description="as text: it may exceed 2^53")
    clock_skew_s: float | None = None
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    throttled_count: int | None = Field(
        default=None, description="messages refused because the gateway floods"
    )
    throttled_at: datetime | None = None


class Accounting(Answer):
    """The sums, and the tallies that make them."""

    gateway: str | None
    messages: int
    received: int
    stored: int
    duplicate: int
    conflict: int
    quarantined: int
    rejected: int
    balanced: bool = Field(description="the sum holds in every hour of every gateway")
    items: list[Tally]
    next: str | None


class QuarantineItem(Answer):
    """A message or reading that was set aside, with its reason."""

    id: int
    received_at: datetime
    gateway: str
    topic: str
    payload_format: str
    reason: str
    reason_vi: str
    reason_en: str
    detail: str
    sensor: str | None
    reading_count: int
    last_ts: datetime | None
    last_value: float | None
    last_unit: str | None
    payload: str = Field(
        description="at most the first 2,000 characters; bytes that are not text are escaped"
    )
    status: str
    replay_requested_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str | None


class QuarantineDetail(QuarantineItem):
    """One row with all of the bytes that were kept."""

    payload: str = Field(description="all that was kept, as text; bytes that are not text are escaped")
    payload_base64: str = Field(description="the same bytes, exactly")
    payload_bytes: int
    content: Any = Field(description="the payload read as JSON; null when it is not JSON")


class QuarantineGroup(Answer):
    """How much was set aside of one gateway for one reason."""

    reason: str
    reason_vi: str
    reason_en: str
    gateway: str
    status: str
    count: int
    readings: int
    payload_bytes: int
    waiting: int = Field(description="rows whose replay was asked for and is not done yet")
    first_received_at: datetime
    last_received_at: datetime


class QuarantineCount(Answer):
    """How many quarantine rows a request touched."""

    count: int


class UnknownSensor(Answer):
    """A sensor that is heard but not registered."""

    gateway: str
    gateway_registered: bool
    sensor: str | None
    count: int
    last_ts: datetime | None
    last_value: float | None
    last_unit: str | None
    first_heard_at: datetime
    last_heard_at: datetime


class ImportBody(Body):
    """Rows of sensors to register or bring up to date; each row is checked by itself."""

    rows: list[Any] = Field(description="objects with the columns of `nhip import`")
    create: bool = Field(default=False, description="make gateways, sites and areas that are missing")
    dry_run: bool = Field(default=False, description="do everything, keep nothing")
    archive: bool = Field(default=False, description="new gateways accept readings from 1970 on")
    credentials: bool | Literal["rotate"] = Field(
        default=False, description="true: for gateways created now; rotate: for every gateway named"
    )


class ImportItem(Answer):
    """What became of one row."""

    row: int
    action: Literal["created", "updated", "unchanged", "rejected"]
    sensor_id: int | None
    code: str | None
    error: dict[str, str] | None


class ImportCounts(Answer):
    """How many rows had which end."""

    created: int
    updated: int
    unchanged: int
    rejected: int


class ImportCredential(Answer):
    """A gateway's credential, shown once."""

    gateway: str
    username: str
    password: str | None


class ImportAnswer(Answer):
    """Result of an import."""

    counts: ImportCounts
    items: list[ImportItem]
    credentials: list[ImportCredential]
    credential_active: bool
    dry_run: bool


class KeyNew(Body):
    """A new API key."""

    name: Line
    role: Role
    expires_at: Instant | None = None


class Key(Answer):
    """An API key as it may be shown."""

    id: int
    name: str
    role: str
    key_prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class KeyCreated(Key):
    """A key just made; the secret is shown once."""

    key: str | None = Field(description="null in the repeated answer to an Idempotency-Key")


class SessionNew(Body):
    """Log-in of the pages."""

    key: str = Field(min_length=1, max_length=200)


class SessionAnswer(Answer):
    """Who is logged in."""

    actor: str
    role: str | None
    permissions: list[str]


class AuditEntry(Answer):
    """One change: who, what, before and after, when, from where."""

    id: int
    at: datetime
    actor: str
    action: str
    object_kind: str
    object_code: str
    before: Any
    after: Any
    origin: str | None


class Highlight(Answer):
    """The newest value of one indicator."""

    indicator: str
    title_vi: str
    title_en: str
    unit: str
    period: str
    period_start: datetime
    period_end: datetime
    value: float
    verdict: str | None
    responsible: str | None
    provisional: bool
    subject_kind: str
    subject: str
    subject_name: str


class Overview(Answer):
    """What the start page shows."""

    readings_per_s: float | None = Field(description="stored over the last minute; null until it is known")
    readings_today: int
    gateways_online: int
    gateways_total: int
    sensors: int
    sites: int
    areas: int
    quarantined_open: int
    dirty_hours: int
    latest: list[LatestReading]
    highlights: list[Highlight]
