-- Sites that count in an area: in it, in areas below it, or in it as a free zone.
WITH RECURSIVE below AS (
    SELECT id FROM area WHERE id = %(area_id)s::integer
    UNION
    SELECT a.id FROM area a JOIN below b ON a.parent_id = b.id
)
SELECT t.id, t.code, t.name, t.customers, t.aqi_eligible, t.retired_at, a.time_zone
FROM site t JOIN area a ON a.id = t.area_id
WHERE t.area_id IN (SELECT id FROM below)
   OR EXISTS (SELECT FROM site_zone z WHERE z.site_id = t.id AND z.area_id IN (SELECT id FROM below))
ORDER BY t.id
