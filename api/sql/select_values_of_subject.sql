-- One page of values of one subject, oldest first; the primary key in its own order.
SELECT subject_kind, subject_id, period_start, period_end, value, n, completeness, verdict, limit_value,
       responsible, note, detail, provisional, method_version, revision, computed_at, signed
FROM indicator_cell
WHERE indicator_id = %(indicator_id)s::smallint AND subject_kind = %(kind)s::text
  AND subject_id = %(subject_id)s::integer AND period = %(period)s::text
  AND period_start >= %(from)s::timestamptz AND period_start < %(to)s::timestamptz
  AND period_start > %(after)s::timestamptz
ORDER BY period_start LIMIT %(limit)s::bigint
