-- Revision of the schema, and how fresh the other services' work is.
SELECT (SELECT version_num FROM alembic_version) AS revision,
       (SELECT max(last_seen_at) FROM gateway_seen) AS last_message_at,
       (SELECT marked_at FROM dirty_hour ORDER BY id LIMIT 1) AS oldest_dirty_at
