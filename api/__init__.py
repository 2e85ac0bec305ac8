"""The HTTP face: registry, readings, indicators and their evidence; the pages stand in `api.pages`."""
