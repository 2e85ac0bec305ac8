-- How many hours a recomputation of some sensors and a span computes.
SELECT count(*) FROM hours_to_recompute(%(sensor_ids)s::int4[], %(starts_at)s::timestamptz, %(ends_at)s::timestamptz)
