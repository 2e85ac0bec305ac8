-- Have the longer periods of a subject computed again after a revision: one hour of one of its sensors is enough.
INSERT INTO dirty_hour (sensor_id, hour, readings_changed)
SELECT f.sensor_id, f.hour, false FROM hour_fact f
WHERE f.sensor_id = ANY (%(sensor_ids)s::integer[]) AND f.hour >= %(start)s::timestamptz
  AND f.hour < %(end)s::timestamptz
ORDER BY f.hour, f.sensor_id LIMIT 1
