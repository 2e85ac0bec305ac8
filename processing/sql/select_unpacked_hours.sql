-- Hours with readings and without a valid pack behind a given (hour, sensor) and before an instant, in that order, as
-- many as hold about so many readings; not those whose rows retention has dropped.
WITH kept AS (
    SELECT coalesce(max(date_trunc('month', now() - readings_kept, 'UTC')), '-infinity') AS since FROM retention
), due AS (
    SELECT f.sensor_id, f.hour, f.n FROM hour_fact f
    WHERE f.hour >= greatest(%(after_hour)s::timestamptz, (SELECT since FROM kept)) AND f.hour < %(until)s::timestamptz
      AND (f.hour, f.sensor_id) > (%(after_hour)s::timestamptz, %(after_sensor)s::int)
      AND f.n > 0 AND NOT f.provisional
      AND NOT EXISTS (SELECT FROM packed_hour p WHERE p.sensor_id = f.sensor_id AND p.hour = f.hour AND p.valid)
    ORDER BY f.hour, f.sensor_id LIMIT %(hours_max)s::int
), counted AS (
    SELECT sensor_id, hour, sum(n) OVER (ORDER BY hour, sensor_id) - n AS before FROM due
)
SELECT coalesce(array_agg(sensor_id ORDER BY hour, sensor_id), '{}'),
       coalesce(array_agg(hour ORDER BY hour, sensor_id), '{}')
FROM counted WHERE before < %(readings_max)s::bigint
