-- A part is done; the same transaction has done it.
UPDATE recompute_part SET done_at = now(), hours = %(hours)s, facts = %(facts)s, cells = %(cells)s
WHERE job_id = %(job_id)s AND number = %(number)s
