-- What is left of a recomputation, in order.
SELECT number FROM recompute_part WHERE job_id = %(job_id)s AND done_at IS NULL ORDER BY number
