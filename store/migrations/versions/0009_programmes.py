"""Revision 0009: see sql/0009_programmes.sql."""

from store.migrations.runner import execute_files

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0009_programmes.sql")
