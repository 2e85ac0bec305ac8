-- Current daily cells of one indicator of some subjects in some spans, in no order.
SELECT coalesce(array_agg(k.number), '{}'), coalesce(array_agg(v.period_start), '{}'),
       coalesce(array_agg(coalesce(v.value, 'NaN')), '{}'), coalesce(array_agg(v.provisional), '{}')
FROM unnest(%(numbers)s::int4[], %(subject_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
     AS k (number, subject_id, starts, ends)
CROSS JOIN LATERAL (
    SELECT period_start, value, provisional FROM indicator_value
    WHERE indicator_id = %(indicator_id)s::int2 AND subject_kind = %(subject_kind)s::text
      AND subject_id = k.subject_id AND period = 'day' AND period_start >= k.starts AND period_start < k.ends
      AND note IS DISTINCT FROM 'terms'
    OFFSET 0
) AS v
