-- Areas as they are answered.
SELECT a.id, a.code, a.name, a.name_en, a.kind, p.code AS parent, a.time_zone, a.valid_from, a.retired_at,
       a.created_at, a.updated_at
FROM area a LEFT JOIN area p ON p.id = a.parent_id
WHERE a.id = ANY (%(ids)s::integer[]) ORDER BY a.id
