"""Revision 0001: see sql/0001_registry.sql."""

from store.migrations.runner import execute_files

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0001_registry.sql")
