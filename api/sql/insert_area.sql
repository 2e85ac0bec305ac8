-- A new area.
INSERT INTO area (code, name, name_en, kind, parent_id, time_zone, valid_from)
VALUES (%(code)s::text, %(name)s::text, %(name_en)s::text, %(kind)s::text, %(parent_id)s::integer,
        %(time_zone)s::text, %(valid_from)s::date)
RETURNING id
