"""Evidence packs: made from a database, computed again without one."""
