-- One part of a recomputation.
INSERT INTO recompute_part (job_id, number, sensor_ids, starts_at, ends_at)
VALUES (%(job_id)s, %(number)s, %(sensor_ids)s::int4[], %(starts_at)s, %(ends_at)s)
