-- How many readings the stored facts of some hours speak of: key by key, in no order.
SELECT coalesce(array_agg(f.sensor_id), '{}'), coalesce(array_agg(f.hour), '{}'), coalesce(array_agg(f.n), '{}')
FROM unnest(%(sensor_ids)s::int4[], %(hours)s::timestamptz[]) AS k (sensor_id, hour)
CROSS JOIN LATERAL (
    SELECT sensor_id, hour, n FROM hour_fact WHERE sensor_id = k.sensor_id AND hour = k.hour LIMIT 1
) AS f
