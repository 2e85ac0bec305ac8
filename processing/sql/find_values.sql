-- The newest start in a span for which each of some subjects has a value of an indicator; others are left out.
SELECT coalesce(array_agg(k.subject_id), '{}'), coalesce(array_agg(l.period_start), '{}')
FROM unnest(%(subject_ids)s::int4[]) AS k (subject_id) CROSS JOIN LATERAL (
    SELECT period_start FROM indicator_value
    WHERE indicator_id = %(indicator_id)s::int2 AND subject_kind = %(subject_kind)s::text
      AND subject_id = k.subject_id AND period = %(period)s::text
      AND period_start BETWEEN %(first)s::timestamptz AND %(last)s::timestamptz
    ORDER BY period_start DESC LIMIT 1
) AS l
