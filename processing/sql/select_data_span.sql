-- First and last hour of some sensors in a span, by facts and by readings; NULL for nothing.
SELECT least(min(f.first), date_trunc('hour', min(r.first), 'UTC')),
       greatest(max(l.last), date_trunc('hour', max(e.last), 'UTC'))
FROM unnest(%(sensor_ids)s::int4[]) AS k (sensor_id)
LEFT JOIN LATERAL (
    SELECT hour AS first FROM hour_fact WHERE sensor_id = k.sensor_id
      AND hour > %(starts_at)s::timestamptz - interval '1 hour' AND hour < %(ends_at)s::timestamptz ORDER BY hour LIMIT 1
) AS f ON true
LEFT JOIN LATERAL (
    SELECT hour AS last FROM hour_fact WHERE sensor_id = k.sensor_id
      AND hour > %(starts_at)s::timestamptz - interval '1 hour' AND hour < %(ends_at)s::timestamptz
    ORDER BY hour DESC LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT ts AS first FROM reading WHERE sensor_id = k.sensor_id
      AND ts >= %(starts_at)s::timestamptz AND ts < %(ends_at)s::timestamptz ORDER BY ts LIMIT 1
) AS r ON true
LEFT JOIN LATERAL (
    SELECT ts AS last FROM reading WHERE sensor_id = k.sensor_id
      AND ts >= %(starts_at)s::timestamptz AND ts < %(ends_at)s::timestamptz ORDER BY ts DESC LIMIT 1
) AS e ON true
