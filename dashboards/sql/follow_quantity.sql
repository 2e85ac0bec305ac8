-- Mean of a quantity by site: readings for short ranges, hourly facts from one hour a point on.
SELECT $__timeGroupAlias(x.ts,$__interval), x.metric, sum(x.value * x.weight) / sum(x.weight) AS value
FROM (
    SELECT r.ts, s.site_name AS metric, r.value, 1::bigint AS weight
    FROM reading r JOIN sensor s ON s.id = r.sensor_id
    WHERE $__interval_ms < 3600000 AND s.quantity = :'quantity' AND $__timeFilter(r.ts) AND r.state = 0 AND r.flag < 4
      AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
    UNION ALL
    SELECT f.hour, s.site_name, f.mean, f.n_good
    FROM hour_fact f JOIN sensor s ON s.id = f.sensor_id
    WHERE $__interval_ms >= 3600000 AND s.quantity = :'quantity' AND $__timeFilter(f.hour) AND f.n_good > 0
      AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
) x
GROUP BY 1, 2
ORDER BY 1, 2
