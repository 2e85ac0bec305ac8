-- All that may change of a sensor.
UPDATE sensor SET gateway_id = %(gateway_id)s::integer, name = %(name)s::text, title = %(title)s::text,
    unit = %(unit)s::text, interval_s = %(interval_s)s::float8, averaging_s = %(averaging_s)s::float8,
    site_id = %(site_id)s::integer, latitude = %(latitude)s::float8, longitude = %(longitude)s::float8,
    updated_at = now()
WHERE id = %(id)s::integer
