-- Mark every hour of some sensors in a span, those with readings and those with facts; give their number.
WITH marked AS (
    INSERT INTO dirty_hour (sensor_id, hour, readings_changed)
    SELECT sensor_id, hour, false
    FROM hours_to_recompute(%(sensor_ids)s::int4[], %(starts_at)s::timestamptz, %(ends_at)s::timestamptz)
    ORDER BY hour, sensor_id RETURNING 1
)
SELECT count(*) FROM marked
