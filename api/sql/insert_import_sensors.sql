-- Sensors that an import makes.
INSERT INTO sensor (code, gateway_id, name, title, quantity, unit, interval_s, averaging_s, site_id, latitude,
                    longitude)
SELECT r.code, r.gateway_id, r.name, r.title, r.quantity, r.unit, r.interval_s, r.averaging_s, r.site_id, r.latitude,
       r.longitude
FROM json_to_recordset(%(rows)s::json)
     AS r (code text, gateway_id integer, name text, title text, quantity text, unit text, interval_s float8,
           averaging_s float8, site_id integer, latitude float8, longitude float8)
RETURNING id, code
