-- Changes, for the append-only log.
INSERT INTO audit (actor, action, object_kind, object_code, before, after, origin)
SELECT %(actor)s::text, r.action, r.object_kind, r.object_code, r.before, r.after, %(origin)s::text
FROM json_to_recordset(%(rows)s::json)
     AS r (action text, object_kind text, object_code text, before jsonb, after jsonb)
