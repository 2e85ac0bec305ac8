-- Share of readings that arrived in time, and the longest delay, by hour.
SELECT f.hour AS "time", sum(f.on_time)::float8 / nullif(sum(f.n), 0) AS on_time, max(f.delay_max_s) AS delay_max_s
FROM hour_fact f JOIN sensor s ON s.id = f.sensor_id
WHERE $__timeFilter(f.hour)
  AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
GROUP BY 1
ORDER BY 1
