-- The sums behind stored values of some subjects in some spans, in no order.
SELECT coalesce(array_agg(v.subject_id), '{}'), coalesce(array_agg(v.indicator_id), '{}'),
       coalesce(array_agg(v.period_start), '{}'), coalesce(array_agg(v.n), '{}'),
       coalesce(array_agg(v.terms[1]), '{}'), coalesce(array_agg(v.terms[2]), '{}'),
       coalesce(array_agg(v.terms[3]), '{}'), coalesce(array_agg(v.terms[4]), '{}')
FROM unnest(%(subject_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS k (subject_id, starts, ends)
CROSS JOIN unnest(%(indicator_ids)s::int2[]) AS i (indicator_id)
JOIN indicator_value v ON v.indicator_id = i.indicator_id AND v.subject_kind = %(subject_kind)s::text
     AND v.subject_id = k.subject_id AND v.period = %(period)s::text
     AND v.period_start >= k.starts AND v.period_start < k.ends
WHERE v.terms IS NOT NULL
