-- The sums behind the stored values of some subjects in some spans, in no order. The comparison of rows holds the planner
-- to the primary key, one range per subject and indicator; left free, and without statistics yet, it reads all subjects.
SELECT coalesce(array_agg(v.subject_id), '{}'), coalesce(array_agg(v.indicator_id), '{}'),
       coalesce(array_agg(v.period_start), '{}'), coalesce(array_agg(v.n), '{}'),
       coalesce(array_agg(v.terms[1]), '{}'), coalesce(array_agg(v.terms[2]), '{}'),
       coalesce(array_agg(v.terms[3]), '{}'), coalesce(array_agg(v.terms[4]), '{}')
FROM unnest(%(subject_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS k (subject_id, starts, ends)
CROSS JOIN unnest(%(indicator_ids)s::int2[]) AS i (indicator_id)
CROSS JOIN LATERAL (
    SELECT subject_id, indicator_id, period_start, n, terms FROM indicator_value
    WHERE indicator_id = i.indicator_id AND subject_kind = %(subject_kind)s::text
      AND (subject_id, period, period_start) >= (k.subject_id, %(period)s::text, k.starts)
      AND (subject_id, period, period_start) < (k.subject_id, %(period)s::text, k.ends)
      AND terms IS NOT NULL
    OFFSET 0
) AS v
