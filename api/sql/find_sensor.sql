-- The sensor with this code, else with this id, and the time zone of its area.
SELECT s.id, s.code, coalesce(s.title, s.code) AS name, a.time_zone, s.retired_at
FROM sensor s JOIN site t ON t.id = s.site_id JOIN area a ON a.id = t.area_id
WHERE s.code = %(code)s::text OR s.id = %(id)s::integer
ORDER BY s.code = %(code)s::text DESC LIMIT 1
