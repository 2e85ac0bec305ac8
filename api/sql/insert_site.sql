-- A new site.
INSERT INTO site (code, name, name_en, kind, area_id, latitude, longitude, customers, aqi_eligible)
VALUES (%(code)s::text, %(name)s::text, %(name_en)s::text, %(kind)s::text, %(area_id)s::integer,
        %(latitude)s::float8, %(longitude)s::float8, %(customers)s::integer, %(aqi_eligible)s::boolean)
RETURNING id
