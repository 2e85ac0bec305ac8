"""Revision 0011: see sql/0011_packed.sql."""

from store.migrations.runner import execute_files

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0011_packed.sql")
