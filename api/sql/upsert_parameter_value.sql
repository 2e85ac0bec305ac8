-- A value of a parameter from a day on, new or changed.
INSERT INTO indicator_parameter (indicator, name, sensor_id, site_id, area_id, value, valid_from, source)
VALUES (%(indicator)s::text, %(name)s::text, %(sensor_id)s::integer, %(site_id)s::integer, %(area_id)s::integer,
        %(value)s::float8, %(valid_from)s::date, %(source)s::text)
ON CONFLICT (indicator, name, sensor_id, site_id, area_id, valid_from) DO UPDATE SET
    value = excluded.value, source = excluded.source, updated_at = now()
RETURNING id
