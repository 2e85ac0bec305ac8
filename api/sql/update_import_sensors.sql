-- Sensors that an import changes.
UPDATE sensor s SET title = r.title, unit = r.unit, interval_s = r.interval_s, averaging_s = r.averaging_s,
    site_id = r.site_id, latitude = r.latitude, longitude = r.longitude, updated_at = now()
FROM json_to_recordset(%(rows)s::json)
     AS r (id integer, title text, unit text, interval_s float8, averaging_s float8, site_id integer,
           latitude float8, longitude float8)
WHERE s.id = r.id
