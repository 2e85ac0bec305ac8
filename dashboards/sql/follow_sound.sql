-- Equivalent sound level by site: decibels are averaged as energy, never as numbers,
-- and one suspect reading of 1000 dB would be all of it, so suspects stay out.
SELECT $__timeGroupAlias(r.ts,$__interval), s.site_name AS metric, 10 * log(avg(power(10, r.value / 10))) AS value
FROM reading r JOIN sensor s ON s.id = r.sensor_id
WHERE s.quantity = 'sound_level' AND $__timeFilter(r.ts) AND r.state = 0 AND r.flag < 3
  AND s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND s.site IN (${site:sqlstring})
GROUP BY 1, 2
ORDER BY 1, 2
