-- Sites that an import changes.
UPDATE site t SET name = r.name, kind = r.kind, area_id = a.id, latitude = r.latitude, longitude = r.longitude,
    customers = r.customers, updated_at = now()
FROM json_to_recordset(%(rows)s::json)
     AS r (id integer, name text, kind text, area text, latitude float8, longitude float8, customers integer)
     JOIN area a ON a.code = r.area
WHERE t.id = r.id
