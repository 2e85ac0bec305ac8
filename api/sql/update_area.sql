-- All that may change of an area.
UPDATE area SET name = %(name)s::text, name_en = %(name_en)s::text, kind = %(kind)s::text,
    parent_id = %(parent_id)s::integer, time_zone = %(time_zone)s::text, valid_from = %(valid_from)s::date,
    updated_at = now()
WHERE id = %(id)s::integer
