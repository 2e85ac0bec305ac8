"""Evidence packs as they are made: what is gathered for one value, its tables, and the same in words."""
