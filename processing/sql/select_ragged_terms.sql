-- The terms of some stored values of one method, each named by subject and start, in no order; their bytes in one piece.
-- LIMIT 1 on a key holds the planner to one look-up per value.
SELECT coalesce(array_agg(v.subject_id), '{}'), coalesce(array_agg(v.period_start), '{}'),
       coalesce(array_agg(v.n), '{}'), coalesce(array_agg(cardinality(v.terms)), '{}'),
       coalesce(string_agg(array_send(v.terms), ''), '')
FROM unnest(%(subject_ids)s::int4[], %(starts)s::timestamptz[]) AS k (subject_id, period_start)
CROSS JOIN LATERAL (
    SELECT subject_id, period_start, n, terms, method_version FROM indicator_value
    WHERE indicator_id = %(indicator_id)s::int2 AND subject_kind = %(subject_kind)s::text
      AND subject_id = k.subject_id AND period = %(period)s::text AND period_start = k.period_start
    LIMIT 1
) AS v
WHERE v.terms IS NOT NULL AND v.method_version = %(method_version)s::text
