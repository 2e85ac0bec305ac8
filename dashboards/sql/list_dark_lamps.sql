-- Lamps by the share of the night (19:00 to 05:00 local) in which they were lit, darkest first.
SELECT s.site_name AS place, s.area_name AS area, avg(r.value) AS lit, count(*) AS n, max(r.ts) AS last_ts
FROM reading r JOIN sensor s ON s.id = r.sensor_id JOIN area a ON a.code = s.area
WHERE s.quantity = 'lamp_state' AND $__timeFilter(r.ts) AND r.state = 0 AND r.flag < 4
  AND (extract(hour FROM r.ts AT TIME ZONE a.time_zone) >= 19 OR extract(hour FROM r.ts AT TIME ZONE a.time_zone) < 5)
  AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
GROUP BY s.site_name, s.area_name
ORDER BY lit, place
LIMIT 100
