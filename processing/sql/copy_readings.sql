-- Readings of some sensors in some spans, in no order, for COPY; the outer bounds let the planner leave partitions out.
SELECT x.sensor_id, x.ts, x.value, x.flag, x.state, x.received_at
FROM unnest(%(sensor_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS k (sensor_id, starts, ends)
JOIN reading x ON x.sensor_id = k.sensor_id AND x.ts >= k.starts AND x.ts < k.ends
WHERE x.ts >= %(first)s::timestamptz AND x.ts < %(last)s::timestamptz
