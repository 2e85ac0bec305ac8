"""Revision 0008: see sql/0008_readings.sql."""

from store.migrations.runner import execute_files

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0008_readings.sql")
