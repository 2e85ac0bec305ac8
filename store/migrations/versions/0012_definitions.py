"""Revision 0012: see sql/0012_definitions.sql."""

from store.migrations.runner import execute_files

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0012_definitions.sql")
