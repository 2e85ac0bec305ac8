-- Areas that an import makes; those above them exist already.
INSERT INTO area (code, name, kind, parent_id, time_zone)
SELECT r.code, r.name, r.kind, p.id, r.time_zone
FROM json_to_recordset(%(rows)s::json) AS r (code text, name text, kind text, parent text, time_zone text)
     LEFT JOIN area p ON p.code = r.parent
RETURNING id, code
