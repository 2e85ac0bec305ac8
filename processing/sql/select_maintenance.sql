-- Planned maintenance of some sensors: declared before it began, for the sensor or for its site.
SELECT s.id AS sensor_id, w.starts_at, w.ends_at
FROM sensor s JOIN maintenance_window w ON w.sensor_id = s.id OR w.site_id = s.site_id
WHERE s.id = ANY(%(sensor_ids)s::int4[]) AND w.declared_at < w.starts_at
ORDER BY s.id, w.starts_at
