-- A new programme.
INSERT INTO programme (code, title, document, area_id, valid_from, valid_to)
VALUES (%(code)s::text, %(title)s::text, %(document)s::text, %(area_id)s::integer, %(valid_from)s::date,
        %(valid_to)s::date)
RETURNING id
