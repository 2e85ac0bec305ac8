-- Take a part, unless it is done or somebody does it.
SELECT sensor_ids, starts_at, ends_at FROM recompute_part
WHERE job_id = %(job_id)s AND number = %(number)s AND done_at IS NULL FOR UPDATE SKIP LOCKED
