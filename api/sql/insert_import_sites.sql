-- Sites that an import makes.
INSERT INTO site (code, name, kind, area_id, latitude, longitude, customers)
SELECT r.code, r.name, r.kind, a.id, r.latitude, r.longitude, r.customers
FROM json_to_recordset(%(rows)s::json)
     AS r (code text, name text, kind text, area text, latitude float8, longitude float8, customers integer)
     JOIN area a ON a.code = r.area
RETURNING id, code
