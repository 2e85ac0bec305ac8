-- The hours that a recomputation of some sensors and a span computes.
SELECT coalesce(array_agg(sensor_id), '{}'), coalesce(array_agg(hour), '{}')
FROM hours_to_recompute(%(sensor_ids)s::int4[], %(starts_at)s::timestamptz, %(ends_at)s::timestamptz)
