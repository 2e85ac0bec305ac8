"""Revision 0006: see sql/0006_retention.sql."""

from store.migrations.runner import execute_files

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0006_retention.sql")
