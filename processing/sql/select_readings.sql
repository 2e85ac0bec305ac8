-- Readings of some sensors in some spans, in no order; the outer bounds let the planner leave partitions out.
SELECT coalesce(array_agg(x.sensor_id), '{}'), coalesce(array_agg(x.ts), '{}'), coalesce(array_agg(x.value), '{}'),
       coalesce(array_agg(x.flag), '{}'), coalesce(array_agg(x.state), '{}'),
       coalesce(array_agg(x.received_at), '{}')
FROM unnest(%(sensor_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS k (sensor_id, starts, ends)
JOIN reading x ON x.sensor_id = k.sensor_id AND x.ts >= k.starts AND x.ts < k.ends
WHERE x.ts >= (%(first)s::timestamptz[])[1] AND x.ts < (%(last)s::timestamptz[])[1]
