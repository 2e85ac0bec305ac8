-- Targets of a programme with the value by which each is assessed: the last closed period that begins in the local year,
-- or, while none is closed, the open one.
SELECT g.id, g.indicator, i.title_vi, i.title_en, i.unit, a.code AS area, a.time_zone, g.period, g.direction, g.baseline,
       g.baseline_year, g.target, g.target_max, g.due_year, g.group_code AS "group", g.level, g.source,
       coalesce((SELECT jsonb_object_agg(m.year, m.value) FROM target_milestone m WHERE m.target_id = g.id), '{}')
           AS milestones,
       v.period_start, v.value, v.completeness, v.provisional, v.signed, v.revision
FROM target g JOIN area a ON a.id = g.area_id LEFT JOIN indicator i ON i.code = g.indicator
LEFT JOIN LATERAL (
    SELECT c.period_start, c.value, c.completeness, c.provisional, c.signed, c.revision
    FROM indicator_value c
    WHERE c.indicator_id = i.id AND c.subject_kind = 'area' AND c.subject_id = g.area_id AND c.period = g.period
      AND c.period_start >= make_timestamptz(%(year)s::integer, 1, 1, 0, 0, 0, a.time_zone)
      AND c.period_start < make_timestamptz(%(year)s::integer + 1, 1, 1, 0, 0, 0, a.time_zone)
    ORDER BY c.provisional, c.period_start DESC LIMIT 1
) AS v ON true
WHERE g.programme_id = %(programme_id)s::integer ORDER BY g.group_code, g.level, g.id
