-- Hourly increase of a counter by site (resets are accounted for).
SELECT f.hour AS "time", s.site_name AS metric, sum(f.increase) AS value
FROM hour_fact f JOIN sensor s ON s.id = f.sensor_id
WHERE s.quantity = :'quantity' AND f.increase IS NOT NULL AND $__timeFilter(f.hour)
  AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
GROUP BY 1, 2
ORDER BY 1, 2
