-- The terms of all sensors' values of one method in some hours, in no order; their bytes in one piece.
SELECT coalesce(array_agg(v.subject_id), '{}'), coalesce(array_agg(v.period_start), '{}'),
       coalesce(array_agg(v.n), '{}'), coalesce(array_agg(cardinality(v.terms)), '{}'),
       coalesce(string_agg(array_send(v.terms), ''), '')
FROM unnest(%(hours)s::timestamptz[]) AS k (hour)
JOIN indicator_value v ON v.indicator_id = %(indicator_id)s::int2 AND v.period = %(period)s::text
     AND v.period_start = k.hour AND v.subject_kind = 'sensor'
WHERE v.terms IS NOT NULL AND v.method_version = %(method_version)s::text
