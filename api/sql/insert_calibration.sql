-- A new calibration.
INSERT INTO calibration (sensor_id, performed_at, valid_from, valid_to, scale, value_offset, certificate, performed_by)
VALUES (%(sensor_id)s::integer, %(performed_at)s::timestamptz, %(valid_from)s::timestamptz,
        %(valid_to)s::timestamptz, %(scale)s::float8, %(value_offset)s::float8, %(certificate)s::text,
        %(performed_by)s::text)
RETURNING id, performed_at, valid_from, valid_to, scale, value_offset, certificate, performed_by, created_at
