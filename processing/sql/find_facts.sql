-- The newest hour of a span for which each of some sensors has facts; sensors without any are left out.
SELECT coalesce(array_agg(k.sensor_id), '{}'), coalesce(array_agg(l.hour), '{}')
FROM unnest(%(subject_ids)s::int4[]) AS k (sensor_id) CROSS JOIN LATERAL (
    SELECT hour FROM hour_fact
    WHERE sensor_id = k.sensor_id AND hour BETWEEN %(first)s::timestamptz AND %(last)s::timestamptz
    ORDER BY hour DESC LIMIT 1
) AS l
