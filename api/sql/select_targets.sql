-- One page of targets.
SELECT g.id, p.code AS programme, g.indicator, a.code AS area, g.period, g.direction, g.baseline, g.baseline_year,
       g.target, g.target_max, g.due_year, g.group_code AS "group", g.level, g.source,
       coalesce((SELECT jsonb_object_agg(m.year, m.value) FROM target_milestone m WHERE m.target_id = g.id), '{}')
           AS milestones
FROM target g JOIN programme p ON p.id = g.programme_id JOIN area a ON a.id = g.area_id
WHERE g.id > %(after)s::bigint AND (%(id)s::integer IS NULL OR g.id = %(id)s::integer)
  AND (%(indicator)s::text IS NULL OR g.indicator = %(indicator)s::text)
  AND (%(area_id)s::integer IS NULL OR g.area_id = %(area_id)s::integer)
ORDER BY g.id LIMIT %(limit)s::bigint
