"""Evidence: what is recorded of every method, and packs that are computed again without a database."""
