-- Calibrations of a sensor, newest first.
SELECT id, performed_at, valid_from, valid_to, scale, value_offset, certificate, performed_by, created_at
FROM calibration WHERE sensor_id = %(sensor_id)s::integer ORDER BY valid_from DESC, id DESC
