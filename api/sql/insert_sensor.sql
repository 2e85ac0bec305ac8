-- A new sensor.
INSERT INTO sensor (code, gateway_id, name, title, quantity, unit, interval_s, averaging_s, site_id, latitude,
                    longitude)
VALUES (%(code)s::text, %(gateway_id)s::integer, %(name)s::text, %(title)s::text, %(quantity)s::text,
        %(unit)s::text, %(interval_s)s::float8, %(averaging_s)s::float8, %(site_id)s::integer,
        %(latitude)s::float8, %(longitude)s::float8)
RETURNING id
