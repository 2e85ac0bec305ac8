-- The first value of a subject whose period is not closed, of periods that begin in [from, to).
SELECT period_start FROM indicator_value
WHERE indicator_id = %(indicator_id)s::int2 AND subject_kind = %(kind)s::text AND subject_id = %(subject_id)s::integer
  AND period = %(period)s::text AND period_start >= %(from)s::timestamptz AND period_start < %(to)s::timestamptz
  AND provisional
ORDER BY period_start LIMIT 1
