-- What site series need of hour facts: means with their slots, of some sensors in some spans, in no order.
SELECT coalesce(array_agg(f.sensor_id), '{}'), coalesce(array_agg(f.hour), '{}'),
       coalesce(array_agg(coalesce(f.mean, 'NaN')), '{}'), coalesce(array_agg(f.slots), '{}'),
       coalesce(array_agg(f.expected), '{}')
FROM unnest(%(sensor_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS k (sensor_id, starts, ends)
JOIN hour_fact f ON f.sensor_id = k.sensor_id AND f.hour >= k.starts AND f.hour < k.ends
