"""Schema revisions: numbered `.sql` files run by five-line alembic revisions, forward only."""

from store.migrations.runner import has_timescale, migrate, revision_of, revision_wanted

__all__ = ["has_timescale", "migrate", "revision_of", "revision_wanted"]
