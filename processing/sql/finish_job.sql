-- A recomputation is finished when all its parts are.
UPDATE recompute_job j SET finished_at = now() WHERE id = %(job_id)s AND finished_at IS NULL
  AND NOT EXISTS (SELECT FROM recompute_part p WHERE p.job_id = j.id AND p.done_at IS NULL)
