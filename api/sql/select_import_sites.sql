-- Sites that an import names.
SELECT t.id, t.code, t.name, t.kind, a.code AS area, t.area_id, t.latitude, t.longitude, t.customers, t.retired_at
FROM site t JOIN area a ON a.id = t.area_id WHERE t.code = ANY (%(codes)s::text[])
