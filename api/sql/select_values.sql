-- One page of values of many subjects (all, or those listed), oldest first. `from` follows the cursor too, so
-- that a later page starts in the index where the page before ended.
SELECT subject_kind, subject_id, period_start, period_end, value, n, completeness, verdict, limit_value,
       responsible, note, detail, provisional, method_version, revision, computed_at, signed
FROM indicator_cell
WHERE indicator_id = %(indicator_id)s::smallint AND period = %(period)s::text
  AND period_start >= %(from)s::timestamptz AND period_start < %(to)s::timestamptz
  AND (period_start, subject_kind, subject_id)
      > (%(after)s::timestamptz, %(after_kind)s::text, %(after_id)s::integer)
  AND (%(kind)s::text IS NULL OR subject_kind = %(kind)s::text)
  AND (%(subject_ids)s::integer[] IS NULL OR subject_id = ANY (%(subject_ids)s::integer[]))
ORDER BY period_start, subject_kind, subject_id LIMIT %(limit)s::bigint
