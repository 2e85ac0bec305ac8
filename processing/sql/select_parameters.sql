-- Values of parameters that are set, by day: indicator, name, for whom, since when, value.
SELECT indicator, name,
       CASE WHEN sensor_id IS NOT NULL THEN 'sensor' WHEN site_id IS NOT NULL THEN 'site'
            WHEN area_id IS NOT NULL THEN 'area' ELSE 'everywhere' END AS level,
       coalesce(sensor_id, site_id, area_id, 0) AS number, valid_from, value
FROM indicator_parameter ORDER BY valid_from
