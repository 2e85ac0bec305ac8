-- Targets of one indicator and period, by area.
SELECT area_id, due_year, target FROM target
WHERE indicator = %(indicator)s::text AND period = %(period)s::text ORDER BY area_id, due_year
