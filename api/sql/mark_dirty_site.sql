-- Have the hours of a site's sensors computed again, whether they were computed before or not.
INSERT INTO dirty_hour (sensor_id, hour, readings_changed)
SELECT s.id, h.hour, false
FROM sensor s, generate_series(date_trunc('hour', %(since)s::timestamptz, 'UTC'), %(until)s::timestamptz,
                               interval '1 hour') AS h (hour)
WHERE s.site_id = %(site_id)s::integer
  AND (%(quantity)s::text IS NULL OR s.quantity = %(quantity)s::text)
  AND (%(sensor_id)s::integer IS NULL OR s.id = %(sensor_id)s::integer)
LIMIT 200000
