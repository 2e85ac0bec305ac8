-- Bins to be emptied (80 % or more) and overflowing bins, of all that report.
SELECT count(*) FILTER (WHERE l.last_value >= 80) AS due, count(*) FILTER (WHERE l.last_value >= 100) AS overflowing,
       count(*) AS total
FROM sensor_last l
WHERE l.quantity = 'bin_fill' AND l.last_value IS NOT NULL
  AND l.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND l.site IN (${site:sqlstring})
