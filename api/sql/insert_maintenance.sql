-- Declare a maintenance window.
INSERT INTO maintenance_window (sensor_id, site_id, starts_at, ends_at, reason)
VALUES (%(sensor_id)s::integer, %(site_id)s::integer, %(starts_at)s::timestamptz, %(ends_at)s::timestamptz,
        %(reason)s::text)
RETURNING id
