-- The place to which a sensor was moved.
INSERT INTO deployment (sensor_id, site_id, gateway_id, valid_from, note)
VALUES (%(sensor_id)s::integer, %(site_id)s::integer, %(gateway_id)s::integer, %(valid_from)s::timestamptz,
        %(note)s::text)
