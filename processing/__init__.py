"""Raw readings in, indicators out."""
