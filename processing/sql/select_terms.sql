-- The sums behind some stored values, each named by subject and start, in no order. LIMIT 1 on a key holds the planner
-- to one look-up per value; left free, and without statistics yet, it joins in ways that are quadratic.
SELECT coalesce(array_agg(v.subject_id), '{}'), coalesce(array_agg(v.indicator_id), '{}'),
       coalesce(array_agg(v.period_start), '{}'), coalesce(array_agg(v.n), '{}'),
       coalesce(array_agg(v.terms[1]), '{}'), coalesce(array_agg(v.terms[2]), '{}'),
       coalesce(array_agg(v.terms[3]), '{}'), coalesce(array_agg(v.terms[4]), '{}')
FROM unnest(%(subject_ids)s::int4[], %(starts)s::timestamptz[]) AS k (subject_id, period_start)
CROSS JOIN unnest(%(indicator_ids)s::int2[]) AS i (indicator_id)
CROSS JOIN LATERAL (
    SELECT subject_id, indicator_id, period_start, n, terms FROM indicator_value
    WHERE indicator_id = i.indicator_id AND subject_kind = %(subject_kind)s::text AND subject_id = k.subject_id
      AND period = %(period)s::text AND period_start = k.period_start
    LIMIT 1
) AS v
WHERE v.terms IS NOT NULL
