-- One page of programmes.
SELECT p.id, p.code, p.title, p.document, a.code AS area, p.valid_from, p.valid_to
FROM programme p JOIN area a ON a.id = p.area_id
WHERE p.id > %(after)s::bigint AND (%(code)s::text IS NULL OR p.code = %(code)s::text)
ORDER BY p.id LIMIT %(limit)s::bigint
