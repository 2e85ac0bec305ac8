"""Revision 0002: see sql/0002_telemetry.sql."""

from store.migrations.runner import execute_files, has_timescale

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0002_telemetry.sql")
    execute_files("0002_reading_timescale.sql" if has_timescale() else "0002_reading_plain.sql")
