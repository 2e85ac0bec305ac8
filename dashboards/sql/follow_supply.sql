-- Supply state by feeder: the worst state of each interval.
SELECT $__timeGroupAlias(r.ts,$__interval), s.site_name AS metric, min(r.value) AS value
FROM reading r JOIN sensor s ON s.id = r.sensor_id
WHERE s.quantity = 'supply_state' AND $__timeFilter(r.ts) AND r.state = 0 AND r.flag < 4
  AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
GROUP BY 1, 2
ORDER BY 1, 2
