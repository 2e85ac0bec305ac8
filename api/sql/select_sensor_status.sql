-- Whether a sensor is heard: its newest reading, and the first good one received since an instant.
SELECT s.code AS sensor, q.unit, s.created_at AS registered_at, to_jsonb(l) AS last_reading,
       to_jsonb(f) AS first_valid_reading,
       (SELECT coalesce(sum(x.reading_count), 0) FROM quarantine x
        WHERE x.status = 'open' AND x.gateway = g.code AND x.sensor = s.name) AS waiting
FROM sensor s JOIN quantity q ON q.code = s.quantity JOIN gateway g ON g.id = s.gateway_id
     LEFT JOIN LATERAL (
         SELECT ts, value, flag, state, received_at FROM reading
         WHERE sensor_id = s.id AND ts >= %(newest)s::timestamptz ORDER BY ts DESC LIMIT 1
     ) l ON true
     LEFT JOIN LATERAL (
         SELECT ts, value, flag, state, received_at FROM (
             SELECT ts, value, flag, state, received_at FROM reading
             WHERE sensor_id = s.id AND ts >= %(newest_thousand)s::timestamptz ORDER BY ts DESC LIMIT 1000
         ) newest
         WHERE received_at >= coalesce(%(since)s::timestamptz, '-infinity') AND flag <= 3 AND state = 0
         ORDER BY received_at, ts LIMIT 1
     ) f ON true
WHERE s.id = %(id)s::integer
