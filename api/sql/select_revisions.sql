-- One page of values as they were published before they changed.
SELECT subject_kind, subject_id, period_start, revision, value, n, completeness, verdict, limit_value, responsible,
       note, detail, method_version, computed_at, superseded_at
FROM indicator_value_revision
WHERE indicator_id = %(indicator_id)s::smallint AND period = %(period)s::text
  AND period_start >= %(from)s::timestamptz AND period_start < %(to)s::timestamptz
  AND note IS DISTINCT FROM 'terms'
  AND (%(kind)s::text IS NULL OR subject_kind = %(kind)s::text)
  AND (%(subject_ids)s::integer[] IS NULL OR subject_id = ANY (%(subject_ids)s::integer[]))
  AND (period_start, subject_kind, subject_id, revision)
      > (%(after)s::timestamptz, %(after_kind)s::text, %(after_id)s::integer, %(after_revision)s::integer)
ORDER BY period_start, subject_kind, subject_id, revision LIMIT %(limit)s::bigint
