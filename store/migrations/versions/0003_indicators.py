"""Revision 0003: see sql/0003_indicators.sql."""

from store.migrations.runner import execute_files

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0003_indicators.sql")
