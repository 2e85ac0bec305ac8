-- Targets in force, the nearest due year first.
SELECT t.indicator, t.area_id, t.period, t.direction, t.target, t.target_max, t.due_year, p.valid_from, p.valid_to
FROM target t JOIN programme p ON p.id = t.programme_id ORDER BY t.due_year, t.id
