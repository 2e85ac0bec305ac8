-- Put some hours of sensors into the queue, their readings unchanged.
INSERT INTO dirty_hour (sensor_id, hour, readings_changed)
SELECT sensor_id, hour, false FROM unnest(%(sensor_ids)s::int4[], %(hours)s::timestamptz[]) AS k (sensor_id, hour)
