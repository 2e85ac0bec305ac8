-- Values of some indicators and subjects whose periods begin in a span, as they were at an instant.
SELECT i.code AS indicator, v.subject_kind, v.subject_id, v.period, v.period_start, v.value, v.n,
       v.completeness, v.verdict, v.limit_value, v.responsible, v.note, v.method_version, v.revision, v.computed_at,
       v.superseded_at, v.provisional, v.terms
FROM indicator i CROSS JOIN LATERAL (
    SELECT subject_kind, subject_id, period, period_start, value, n, completeness, verdict, limit_value,
           responsible, note, method_version, revision, computed_at, NULL::timestamptz AS superseded_at, provisional, terms
    FROM indicator_value
    WHERE indicator_id = i.id AND subject_kind = %(kind)s::text AND subject_id = ANY (%(subject_ids)s::integer[])
      AND period = %(period)s::text AND period_start >= %(from)s::timestamptz AND period_start < %(to)s::timestamptz
      AND computed_at <= %(known)s::timestamptz
    UNION ALL
    SELECT subject_kind, subject_id, period, period_start, value, n, completeness, verdict, limit_value,
           responsible, note, method_version, revision, computed_at, NULL, provisional, NULL
    FROM sensor_hour_cell
    WHERE indicator_id = i.id AND %(kind)s::text = 'sensor' AND subject_id = ANY (%(subject_ids)s::integer[])
      AND %(period)s::text = 'hour' AND period_start >= %(from)s::timestamptz AND period_start < %(to)s::timestamptz
      AND computed_at <= %(known)s::timestamptz
    UNION ALL
    SELECT subject_kind, subject_id, period, period_start, value, n, completeness, verdict, limit_value,
           responsible, note, method_version, revision, computed_at, superseded_at, false, terms
    FROM indicator_value_revision
    WHERE indicator_id = i.id AND subject_kind = %(kind)s::text AND subject_id = ANY (%(subject_ids)s::integer[])
      AND period = %(period)s::text AND period_start >= %(from)s::timestamptz AND period_start < %(to)s::timestamptz
      AND computed_at <= %(known)s::timestamptz AND superseded_at > %(known)s::timestamptz
) AS v
WHERE i.code = ANY (%(codes)s::text[])
ORDER BY i.code, v.subject_id, v.period_start, v.revision LIMIT %(limit)s::integer
