-- Everything that was ever published of one value: what holds now, and what it superseded, oldest revision first.
SELECT revision, value, n, completeness, verdict, limit_value, responsible, note, detail, method_version, computed_at,
       NULL::timestamptz AS superseded_at, period_end, provisional, signed
FROM indicator_cell
WHERE indicator_id = %(indicator_id)s::smallint AND subject_kind = %(kind)s::text AND subject_id = %(subject_id)s::integer
  AND period = %(period)s::text AND period_start = %(period_start)s::timestamptz
UNION ALL
SELECT revision, value, n, completeness, verdict, limit_value, responsible, note, detail, method_version, computed_at,
       superseded_at, NULL, false, false
FROM indicator_value_revision
WHERE indicator_id = %(indicator_id)s::smallint AND subject_kind = %(kind)s::text AND subject_id = %(subject_id)s::integer
  AND period = %(period)s::text AND period_start = %(period_start)s::timestamptz
ORDER BY revision, superseded_at NULLS LAST
