"""Dated rules by which values are assessed, as data: one TOML file each."""
