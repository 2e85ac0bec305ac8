-- Packed hours of some sensors in some spans, in no order, for COPY: those that hold what the rows do, or the others.
SELECT p.sensor_id, p.hour, p.n, p.ts_offset, p.value, p.flag, p.state, p.delay
FROM unnest(%(sensor_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS k (sensor_id, starts, ends)
JOIN packed_hour p ON p.sensor_id = k.sensor_id AND p.hour > k.starts - interval '1 hour' AND p.hour < k.ends
WHERE p.valid = %(valid)s::bool
