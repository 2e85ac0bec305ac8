-- How long readings are kept, in days; no row: for ever.
SELECT extract(epoch FROM readings_kept)::float8 / 86400 FROM retention
