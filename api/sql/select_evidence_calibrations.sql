-- Calibrations of some sensors that touch a span and were known at an instant, later ones overriding earlier ones.
SELECT c.id, c.sensor_id, s.code AS sensor, c.performed_at, c.valid_from, c.valid_to, c.scale, c.value_offset,
       c.certificate, c.performed_by, c.created_at
FROM calibration c JOIN sensor s ON s.id = c.sensor_id
WHERE c.sensor_id = ANY (%(sensor_ids)s::integer[]) AND c.valid_from < %(to)s::timestamptz
  AND coalesce(c.valid_to, 'infinity') > %(from)s::timestamptz AND c.created_at <= %(known)s::timestamptz
ORDER BY c.sensor_id, c.valid_from, c.id
