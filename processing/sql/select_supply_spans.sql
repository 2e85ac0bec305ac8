-- For each run of hours of a supply sensor: the last known state before it, and the next hour in which it was on.
SELECT k.position::int4, g.last_good_ts, g.last_good_value, a.hour, i.started_at
FROM unnest(%(sensor_ids)s::int4[], %(first_hours)s::timestamptz[], %(last_hours)s::timestamptz[])
     WITH ORDINALITY AS k (sensor_id, first_hour, last_hour, position)
LEFT JOIN LATERAL (
    SELECT last_good_ts, last_good_value FROM hour_fact
    WHERE sensor_id = k.sensor_id AND hour < k.first_hour AND n_good > 0 ORDER BY hour DESC LIMIT 1
) AS g ON true
LEFT JOIN LATERAL (
    SELECT hour FROM hour_fact
    WHERE sensor_id = k.sensor_id AND hour > k.last_hour AND maximum >= 0.5 ORDER BY hour LIMIT 1
) AS a ON true
LEFT JOIN LATERAL (
    SELECT started_at FROM interruption
    WHERE sensor_id = k.sensor_id AND started_at < k.first_hour ORDER BY started_at DESC LIMIT 1
) AS i ON true
ORDER BY k.position
