-- Values of one indicator at some sites in some spans, in no order.
SELECT coalesce(array_agg(v.subject_id), '{}'), coalesce(array_agg(v.period_start), '{}'),
       coalesce(array_agg(coalesce(v.value, 'NaN')), '{}'), coalesce(array_agg(coalesce(v.limit_value, 'NaN')), '{}'),
       coalesce(array_agg(coalesce(v.responsible, '')), '{}')
FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS k (starts, ends)
JOIN indicator_value v ON v.indicator_id = %(indicator_id)s::int2 AND v.period = %(period)s::text
     AND v.period_start >= k.starts AND v.period_start < k.ends
WHERE v.subject_kind = 'site' AND v.subject_id = ANY(%(site_ids)s::int4[])
