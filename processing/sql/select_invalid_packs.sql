-- Packed hours that readings were added to, the oldest first.
SELECT coalesce(array_agg(sensor_id), '{}'), coalesce(array_agg(hour), '{}')
FROM (SELECT sensor_id, hour FROM packed_hour WHERE NOT valid ORDER BY hour, sensor_id LIMIT %(hours_max)s::int) AS p
