-- Sensors that measure one of some quantities and ever stood at one of some sites that may publish, with their stays.
SELECT p.sensor_id, p.site_id, s.quantity, greatest(p.valid_from, '1900-01-01'::timestamptz),
       least(p.valid_to, '9000-01-01'::timestamptz)
FROM sensor_place p JOIN sensor s ON s.id = p.sensor_id JOIN site t ON t.id = p.site_id
WHERE t.aqi_eligible AND p.site_id = ANY(%(site_ids)s::int4[]) AND s.quantity = ANY(%(quantities)s::text[])
ORDER BY p.site_id, s.quantity, p.sensor_id
