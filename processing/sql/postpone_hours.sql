-- Put the oldest key of the queue behind all others: it cannot be computed, and the rest shall not wait for it.
WITH oldest AS (
    DELETE FROM dirty_hour WHERE id = (SELECT id FROM dirty_hour ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING sensor_id, hour, marked_at, readings_changed
)
INSERT INTO dirty_hour (sensor_id, hour, marked_at, readings_changed)
SELECT sensor_id, hour, marked_at, readings_changed FROM oldest
RETURNING sensor_id, hour
