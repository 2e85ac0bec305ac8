-- The terms of one method of the stored values of some subjects in some spans, in no order; their bytes in one piece.
-- The comparison of rows holds the planner to the primary key, see select_terms_of_spans.
SELECT coalesce(array_agg(v.subject_id), '{}'), coalesce(array_agg(v.period_start), '{}'),
       coalesce(array_agg(v.n), '{}'), coalesce(array_agg(cardinality(v.terms)), '{}'),
       coalesce(string_agg(array_send(v.terms), ''), '')
FROM unnest(%(subject_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS k (subject_id, starts, ends)
CROSS JOIN LATERAL (
    SELECT subject_id, period_start, n, terms FROM indicator_value
    WHERE indicator_id = %(indicator_id)s::int2 AND subject_kind = %(subject_kind)s::text
      AND (subject_id, period, period_start) >= (k.subject_id, %(period)s::text, k.starts)
      AND (subject_id, period, period_start) < (k.subject_id, %(period)s::text, k.ends)
      AND terms IS NOT NULL AND method_version = %(method_version)s::text
    OFFSET 0
) AS v
