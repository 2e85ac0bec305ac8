"""Revision 0004: see sql/0004_views.sql."""

from store.migrations.runner import execute_files

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0004_views.sql")
