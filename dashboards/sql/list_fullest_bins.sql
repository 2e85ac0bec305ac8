-- Bins by their last fill level, fullest first.
SELECT l.site_name AS place, l.last_value AS fill, l.last_ts
FROM sensor_last l
WHERE l.quantity = 'bin_fill' AND l.last_value IS NOT NULL
  AND l.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND l.site IN (${site:sqlstring})
ORDER BY l.last_value DESC
LIMIT 20
