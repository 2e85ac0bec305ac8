-- Make room for packs that are made anew.
DELETE FROM packed_hour p USING unnest(%(sensor_ids)s::int4[], %(hours)s::timestamptz[]) AS k (sensor_id, hour)
WHERE p.sensor_id = k.sensor_id AND p.hour = k.hour
