-- One page of maintenance windows.
SELECT m.id, s.code AS sensor, t.code AS site, m.starts_at, m.ends_at, m.declared_at,
       m.declared_at <= m.starts_at AS planned, m.reason
FROM maintenance_window m LEFT JOIN sensor s ON s.id = m.sensor_id LEFT JOIN site t ON t.id = m.site_id
WHERE m.id > %(after)s::bigint
  AND (%(id)s::integer IS NULL OR m.id = %(id)s::integer)
  AND (%(sensor_id)s::integer IS NULL OR m.sensor_id = %(sensor_id)s::integer)
  AND (%(site_id)s::integer IS NULL OR m.site_id = %(site_id)s::integer)
ORDER BY m.id LIMIT %(limit)s::bigint
