-- First and last hour with facts, first and last reading of some sensors; those without facts are left out.
SELECT coalesce(array_agg(k.sensor_id), '{}'), coalesce(array_agg(f.hour), '{}'),
       coalesce(array_agg(coalesce(o.first_ts, '-infinity')), '{}'), coalesce(array_agg(l.hour), '{}'),
       coalesce(array_agg(coalesce(r.last_ts, '-infinity')), '{}')
FROM unnest(%(sensor_ids)s::int4[]) AS k (sensor_id)
CROSS JOIN LATERAL (
    SELECT hour FROM hour_fact WHERE sensor_id = k.sensor_id ORDER BY hour LIMIT 1
) AS f
CROSS JOIN LATERAL (
    SELECT hour FROM hour_fact WHERE sensor_id = k.sensor_id ORDER BY hour DESC LIMIT 1
) AS l
LEFT JOIN LATERAL (
    SELECT first_ts FROM hour_fact WHERE sensor_id = k.sensor_id AND n > 0 ORDER BY hour LIMIT 1
) AS o ON true
LEFT JOIN LATERAL (
    SELECT last_ts FROM hour_fact WHERE sensor_id = k.sensor_id AND n > 0 ORDER BY hour DESC LIMIT 1
) AS r ON true
