"""Revision 0007: see sql/0007_ingest.sql."""

from store.migrations.runner import execute_files

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0007_ingest.sql")
