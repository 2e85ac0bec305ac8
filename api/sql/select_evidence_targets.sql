-- Targets of one indicator, area and period with their programmes.
SELECT t.direction, t.target, t.target_max, t.due_year, t.source, p.code AS programme, p.title, p.document, p.valid_from, p.valid_to
FROM target t JOIN programme p ON p.id = t.programme_id
WHERE t.indicator = %(code)s::text AND t.area_id = %(area_id)s::integer AND t.period = %(period)s::text
ORDER BY t.due_year, p.code
