-- Code, name and time zone of what values speak of.
SELECT 'area' AS kind, id, code, name, time_zone, id AS area_id FROM area WHERE id = ANY (%(area_ids)s::integer[])
UNION ALL
SELECT 'site', t.id, t.code, t.name, a.time_zone, NULL
FROM site t JOIN area a ON a.id = t.area_id WHERE t.id = ANY (%(site_ids)s::integer[])
UNION ALL
SELECT 'sensor', s.id, s.code, coalesce(s.title, s.code), a.time_zone, NULL
FROM sensor s JOIN site t ON t.id = s.site_id JOIN area a ON a.id = t.area_id
WHERE s.id = ANY (%(sensor_ids)s::integer[])
