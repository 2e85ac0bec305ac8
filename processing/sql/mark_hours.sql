-- Mark every hour of some sensors in a span, those with readings and those with facts; give their number.
WITH hours AS (
    SELECT sensor_id, date_trunc('hour', ts, 'UTC') AS hour FROM reading
    WHERE sensor_id = ANY(%(sensor_ids)s::int4[]) AND ts >= %(from)s::timestamptz AND ts < %(to)s::timestamptz
    UNION
    SELECT sensor_id, hour FROM hour_fact
    WHERE sensor_id = ANY(%(sensor_ids)s::int4[]) AND hour >= %(from)s::timestamptz AND hour < %(to)s::timestamptz
), marked AS (
    INSERT INTO dirty_hour (sensor_id, hour) SELECT sensor_id, hour FROM hours ORDER BY hour, sensor_id RETURNING 1
)
SELECT count(*) FROM marked
