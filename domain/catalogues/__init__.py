"""Sets of indicators of international bodies, as data: one TOML file each."""
