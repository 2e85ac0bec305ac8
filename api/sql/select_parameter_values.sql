-- One page of the values that are set for parameters.
SELECT v.id, v.indicator, v.name, v.value, p.unit, s.code AS sensor, t.code AS site, a.code AS area, v.valid_from,
       v.source, v.updated_at
FROM indicator_parameter v JOIN parameter p ON p.indicator = v.indicator AND p.name = v.name
LEFT JOIN sensor s ON s.id = v.sensor_id LEFT JOIN site t ON t.id = v.site_id LEFT JOIN area a ON a.id = v.area_id
WHERE v.id > %(after)s::bigint AND (%(id)s::integer IS NULL OR v.id = %(id)s::integer)
  AND (%(indicator)s::text IS NULL OR v.indicator = %(indicator)s::text)
  AND (%(name)s::text IS NULL OR v.name = %(name)s::text)
  AND (%(sensor_id)s::integer IS NULL OR v.sensor_id = %(sensor_id)s::integer)
  AND (%(site_id)s::integer IS NULL OR v.site_id = %(site_id)s::integer)
  AND (%(area_id)s::integer IS NULL OR v.area_id = %(area_id)s::integer)
ORDER BY v.id LIMIT %(limit)s::bigint
