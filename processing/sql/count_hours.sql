-- How many hours `mark_hours` would mark.
SELECT count(*) FROM (
    SELECT sensor_id, date_trunc('hour', ts, 'UTC') AS hour FROM reading
    WHERE sensor_id = ANY(%(sensor_ids)s::int4[]) AND ts >= %(from)s::timestamptz AND ts < %(to)s::timestamptz
    UNION
    SELECT sensor_id, hour FROM hour_fact
    WHERE sensor_id = ANY(%(sensor_ids)s::int4[]) AND hour >= %(from)s::timestamptz AND hour < %(to)s::timestamptz
) AS hours
