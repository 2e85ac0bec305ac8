-- Current hourly cells of some indicators of sensors, each named by sensor and hour, in no order: stored ones, and those
-- that are hour facts.
SELECT coalesce(array_agg(v.subject_id), '{}'), coalesce(array_agg(v.indicator_id), '{}'),
       coalesce(array_agg(v.period_start), '{}'), coalesce(array_agg(coalesce(v.value, 'NaN')), '{}'),
       coalesce(array_agg(v.n), '{}'), coalesce(array_agg(coalesce(v.completeness, 'NaN')), '{}'),
       coalesce(array_agg(v.provisional), '{}')
FROM unnest(%(subject_ids)s::int4[], %(starts)s::timestamptz[]) AS k (subject_id, period_start)
CROSS JOIN LATERAL (
    SELECT subject_id, indicator_id, period_start, value, n, completeness, provisional FROM indicator_cell
    WHERE subject_kind = %(subject_kind)s::text AND subject_id = k.subject_id AND period = %(period)s::text
      AND period_start = k.period_start AND indicator_id = ANY(%(indicator_ids)s::int2[])
) AS v
