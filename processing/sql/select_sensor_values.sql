-- Values of one indicator of all sensors over some periods, in no order.
SELECT coalesce(array_agg(v.subject_id), '{}'), coalesce(array_agg(v.period_start), '{}'),
       coalesce(array_agg(coalesce(v.value, 'NaN')), '{}')
FROM unnest(%(starts)s::timestamptz[]) AS k (period_start)
JOIN indicator_value v ON v.indicator_id = %(indicator_id)s::int2 AND v.period = %(period)s::text
     AND v.period_start = k.period_start AND v.subject_kind = 'sensor'
