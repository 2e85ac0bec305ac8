-- Values of one indicator at some sites in some periods, with the number of the (area, site, period) asked for.
SELECT k.position::int8, v.subject_id, v.value, v.n, v.completeness, v.responsible, v.limit_value, v.provisional
FROM unnest(%(site_ids)s::int4[], %(period_starts)s::timestamptz[]) WITH ORDINALITY AS k (site_id, period_start, position)
JOIN indicator_value v ON v.indicator_id = %(indicator_id)s::int2 AND v.subject_kind = 'site'
     AND v.subject_id = k.site_id AND v.period = %(period)s::text AND v.period_start = k.period_start
