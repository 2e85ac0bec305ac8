-- Maintenance of some sensors that touches a span and was known at an instant; planned: declared before it began.
SELECT s.id AS sensor_id, s.code AS sensor, w.starts_at, w.ends_at, w.declared_at, w.reason,
       w.declared_at < w.starts_at AS planned
FROM sensor s JOIN maintenance_window w ON w.sensor_id = s.id OR w.site_id = s.site_id
WHERE s.id = ANY (%(sensor_ids)s::integer[]) AND w.starts_at < %(to)s::timestamptz AND w.ends_at > %(from)s::timestamptz
  AND w.declared_at <= %(known)s::timestamptz
ORDER BY s.id, w.starts_at, w.id
