-- What some sensors know of the time before a span: first and last reading ever, and the last good one before it.
SELECT k.sensor_id, f.ts AS first_ts, l.ts AS last_ts, g.ts AS carry_ts, g.value AS carry_value, c.ts AS carry_calibrating_ts
FROM unnest(%(sensor_ids)s::integer[]) AS k (sensor_id)
LEFT JOIN LATERAL (
    SELECT ts FROM reading WHERE sensor_id = k.sensor_id AND received_at <= %(known)s::timestamptz ORDER BY ts LIMIT 1
) AS f ON true
LEFT JOIN LATERAL (
    SELECT ts FROM reading WHERE sensor_id = k.sensor_id AND received_at <= %(known)s::timestamptz ORDER BY ts DESC LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT ts, value FROM reading
    WHERE sensor_id = k.sensor_id AND ts < %(from)s::timestamptz AND received_at <= %(known)s::timestamptz
      AND state = 0 AND flag IN (1, 2, 3)
    ORDER BY ts DESC LIMIT 1
) AS g ON true
LEFT JOIN LATERAL (
    SELECT max(ts) AS ts FROM reading
    WHERE sensor_id = k.sensor_id AND ts >= date_trunc('hour', g.ts, 'UTC') AND ts < %(from)s::timestamptz
      AND received_at <= %(known)s::timestamptz AND state = 1
) AS c ON true
ORDER BY k.sensor_id
