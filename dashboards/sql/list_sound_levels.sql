-- Equivalent level, L10 and L90 of the range by site.
SELECT s.site_name AS place, 10 * log(avg(power(10, r.value / 10))) AS laeq,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY r.value) AS l10,
       percentile_cont(0.1) WITHIN GROUP (ORDER BY r.value) AS l90, max(r.value) AS maximum, count(*) AS n
FROM reading r JOIN sensor s ON s.id = r.sensor_id
WHERE s.quantity = 'sound_level' AND $__timeFilter(r.ts) AND r.state = 0 AND r.flag < 3
  AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
GROUP BY s.site_name
ORDER BY laeq DESC
