-- Have the hours of sensors that were computed before computed again, from one instant to another.
INSERT INTO dirty_hour (sensor_id, hour, readings_changed)
SELECT sensor_id, hour, false FROM hour_fact
WHERE sensor_id = ANY (%(sensor_ids)s::integer[])
  AND hour >= date_trunc('hour', %(since)s::timestamptz, 'UTC') AND hour < %(until)s::timestamptz
