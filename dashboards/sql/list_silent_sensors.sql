-- Sensors without a reading for three intervals, longest silence first.
SELECT code, quantity, site_name AS place, area_name AS area, gateway, interval_s, last_ts, last_value
FROM sensor_last
WHERE silent
  AND site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND site IN (${site:sqlstring})
ORDER BY last_ts NULLS FIRST
LIMIT 1000
