"""Revision 0010: see sql/0010_evidence.sql."""

from store.migrations.runner import execute_files

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0010_evidence.sql")
