-- Sensors whose hours are to be computed again: one, those in an area and below it, or those of some quantities.
WITH RECURSIVE wanted AS (
    SELECT id FROM area WHERE code = %(area)s::text
    UNION
    SELECT a.id FROM area a JOIN wanted w ON a.parent_id = w.id
)
SELECT s.id FROM sensor s
WHERE (%(sensor)s::text IS NULL OR s.code = %(sensor)s::text OR s.id::text = %(sensor)s::text)
  AND (%(quantities)s::text[] IS NULL OR s.quantity = ANY(%(quantities)s::text[]))
  AND (%(area)s::text IS NULL OR EXISTS (
      SELECT FROM sensor_place p JOIN site t ON t.id = p.site_id
      WHERE p.sensor_id = s.id
        AND (t.area_id IN (SELECT id FROM wanted)
             OR EXISTS (SELECT FROM site_zone z WHERE z.site_id = t.id AND z.area_id IN (SELECT id FROM wanted)))))
ORDER BY s.id
