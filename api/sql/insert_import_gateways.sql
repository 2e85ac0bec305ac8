-- Gateways that an import makes.
INSERT INTO gateway (code, name, archive)
SELECT r.code, r.name, r.archive
FROM json_to_recordset(%(rows)s::json) AS r (code text, name text, archive boolean)
RETURNING id, code
