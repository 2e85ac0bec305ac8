-- Current cells of some indicators, each named by subject and start, in no order. LIMIT 1 on a key: one look-up per cell.
SELECT coalesce(array_agg(v.subject_id), '{}'), coalesce(array_agg(v.indicator_id), '{}'),
       coalesce(array_agg(v.period_start), '{}'), coalesce(array_agg(coalesce(v.value, 'NaN')), '{}'),
       coalesce(array_agg(v.n), '{}'), coalesce(array_agg(coalesce(v.completeness, 'NaN')), '{}'),
       coalesce(array_agg(v.provisional), '{}')
FROM unnest(%(subject_ids)s::int4[], %(starts)s::timestamptz[]) AS k (subject_id, period_start)
CROSS JOIN unnest(%(indicator_ids)s::int2[]) AS i (indicator_id)
CROSS JOIN LATERAL (
    SELECT subject_id, indicator_id, period_start, value, n, completeness, provisional FROM indicator_value
    WHERE indicator_id = i.indicator_id AND subject_kind = %(subject_kind)s::text AND subject_id = k.subject_id
      AND period = %(period)s::text AND period_start = k.period_start AND note IS DISTINCT FROM 'terms'
    LIMIT 1
) AS v
