-- All that may change of a site.
UPDATE site SET name = %(name)s::text, name_en = %(name_en)s::text, kind = %(kind)s::text,
    area_id = %(area_id)s::integer, latitude = %(latitude)s::float8, longitude = %(longitude)s::float8,
    customers = %(customers)s::integer, aqi_eligible = %(aqi_eligible)s::boolean, updated_at = now()
WHERE id = %(id)s::integer
