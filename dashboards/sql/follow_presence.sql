-- Share of expected data that is present, and share of time alive, by area and hour.
SELECT f.hour AS "time", s.area_name AS metric, sum(least(f.slots, f.expected))::float8 / nullif(sum(f.expected), 0) AS present
FROM hour_fact f JOIN sensor s ON s.id = f.sensor_id
WHERE $__timeFilter(f.hour)
  AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
GROUP BY 1, 2
ORDER BY 1, 2
