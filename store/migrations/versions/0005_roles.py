"""Revision 0005: see sql/0005_roles.sql."""

from store.migrations.runner import execute_files

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply the revision."""
    execute_files("0005_roles.sql")
