-- Every value that is set for the parameters of an indicator, and their defaults.
SELECT p.name, p.unit, p.title_vi, p.title_en, p.default_value, v.sensor_id, v.site_id, v.area_id, v.value, v.valid_from,
       v.source, v.updated_at
FROM parameter p LEFT JOIN indicator_parameter v ON v.indicator = p.indicator AND v.name = p.name
WHERE p.indicator = %(code)s::text ORDER BY p.name, v.valid_from, v.id
