-- For each run of hours of a sensor: the last good reading before it, the next later hour that holds one, and the last
-- calibrating reading before it that is not older than the hour of that good one.
SELECT coalesce(array_agg(k.position), '{}'),
       coalesce(array_agg(coalesce(g.last_good_ts, '-infinity')), '{}'),
       coalesce(array_agg(coalesce(g.last_good_value, 'NaN')), '{}'),
       coalesce(array_agg(coalesce(a.hour, '-infinity')), '{}'),
       coalesce(array_agg(coalesce(c.last_calibrating_ts, '-infinity')), '{}')
FROM unnest(%(sensor_ids)s::int4[], %(first_hours)s::timestamptz[], %(last_hours)s::timestamptz[])
     WITH ORDINALITY AS k (sensor_id, first_hour, last_hour, position)
LEFT JOIN LATERAL (
    SELECT hour, last_good_ts, last_good_value FROM hour_fact
    WHERE sensor_id = k.sensor_id AND hour < k.first_hour AND n_good > 0 ORDER BY hour DESC LIMIT 1
) AS g ON true
LEFT JOIN LATERAL (
    SELECT hour FROM hour_fact
    WHERE sensor_id = k.sensor_id AND hour > k.last_hour AND n_good > 0 ORDER BY hour LIMIT 1
) AS a ON true
LEFT JOIN LATERAL (
    SELECT max(last_calibrating_ts) AS last_calibrating_ts FROM hour_fact
    WHERE sensor_id = k.sensor_id AND hour >= g.hour AND hour < k.first_hour
) AS c ON true
