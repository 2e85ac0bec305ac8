-- Sites on the map with their state: 0 normal, 1 some sensors silent, 2 all silent or interrupted.
SELECT t.name, t.kind, t.area_name AS area, t.latitude, t.longitude,
       CASE WHEN i.site IS NOT NULL OR coalesce(l.silent = l.total, false) THEN 2
            WHEN coalesce(l.silent, 0) > 0 THEN 1 ELSE 0 END AS state,
       a.value AS aqi, coalesce(l.total, 0) AS sensors, coalesce(l.silent, 0) AS silent, l.last_ts
FROM site t
     LEFT JOIN (SELECT site, count(*) AS total, count(*) FILTER (WHERE silent) AS silent, max(last_ts) AS last_ts
                FROM sensor_last GROUP BY site) l ON l.site = t.code
     LEFT JOIN (SELECT DISTINCT site FROM interruption WHERE ended_at IS NULL) i ON i.site = t.code
     LEFT JOIN (SELECT DISTINCT ON (subject) subject, value FROM indicator_value
                WHERE indicator = 'vn_aqi_hour' AND period = 'hour' AND subject_kind = 'site' AND value IS NOT NULL
                  AND $__timeFilter(period_start)
                ORDER BY subject, period_start DESC) a ON a.subject = t.code
WHERE t.latitude IS NOT NULL AND t.longitude IS NOT NULL
  AND t.code IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND t.code IN (${site:sqlstring})
ORDER BY state, t.name
