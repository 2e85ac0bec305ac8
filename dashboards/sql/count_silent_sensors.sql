-- Silent sensors, of all that should report.
SELECT count(*) FILTER (WHERE silent) AS silent, count(*) AS total
FROM sensor_last
WHERE site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND site IN (${site:sqlstring})
