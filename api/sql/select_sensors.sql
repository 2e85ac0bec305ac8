-- Sensors as they are answered.
SELECT s.id, s.code, g.code AS gateway, s.name, s.title, s.quantity, s.unit, q.unit AS stored_unit, s.interval_s,
       s.averaging_s, t.code AS site, t.name AS site_name, a.code AS area, a.time_zone,
       coalesce(s.latitude, t.latitude) AS latitude, coalesce(s.longitude, t.longitude) AS longitude,
       s.retired_at, s.created_at, s.updated_at
FROM sensor s JOIN gateway g ON g.id = s.gateway_id JOIN quantity q ON q.code = s.quantity
     JOIN site t ON t.id = s.site_id JOIN area a ON a.id = t.area_id
WHERE s.id = ANY (%(ids)s::integer[]) ORDER BY s.id
