-- Hour facts of some sensors in some spans, in no order.
SELECT coalesce(array_agg(f.sensor_id), '{}'), coalesce(array_agg(f.hour), '{}'),
       coalesce(array_agg(f.n), '{}'), coalesce(array_agg(f.n_good), '{}'), coalesce(array_agg(f.slots), '{}'),
       coalesce(array_agg(f.expected), '{}'), coalesce(array_agg(coalesce(f.mean, 'NaN')), '{}'),
       coalesce(array_agg(coalesce(f.m2, 'NaN')), '{}'), coalesce(array_agg(coalesce(f.minimum, 'NaN')), '{}'),
       coalesce(array_agg(coalesce(f.maximum, 'NaN')), '{}'),
       coalesce(array_agg(coalesce(f.first_ts, '-infinity')), '{}'),
       coalesce(array_agg(coalesce(f.last_ts, '-infinity')), '{}'),
       coalesce(array_agg(coalesce(f.last_good_ts, '-infinity')), '{}'),
       coalesce(array_agg(coalesce(f.last_good_value, 'NaN')), '{}'), coalesce(array_agg(f.integral), '{}'),
       coalesce(array_agg(f.covered_s), '{}'), coalesce(array_agg(f.live_s), '{}'),
       coalesce(array_agg(f.window_s), '{}'), coalesce(array_agg(f.outages), '{}'),
       coalesce(array_agg(coalesce(f.increase, 'NaN')), '{}'), coalesce(array_agg(f.on_time), '{}'),
       coalesce(array_agg(coalesce(f.delay_max_s, 'NaN')), '{}'),
       coalesce(array_agg(f.outages_closed), '{}'), coalesce(array_agg(f.outage_closed_s), '{}'),
       coalesce(array_agg(coalesce(f.last_calibrating_ts, '-infinity')), '{}')
FROM unnest(%(sensor_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS k (sensor_id, starts, ends)
JOIN hour_fact f ON f.sensor_id = k.sensor_id AND f.hour >= k.starts AND f.hour < k.ends
