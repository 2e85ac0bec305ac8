-- The site with this code, else with this id, and the time zone of its area.
SELECT t.id, t.code, t.name, a.time_zone, t.retired_at
FROM site t JOIN area a ON a.id = t.area_id
WHERE t.code = %(code)s::text OR t.id = %(id)s::integer
ORDER BY t.code = %(code)s::text DESC LIMIT 1
