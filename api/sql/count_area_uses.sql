-- What still belongs to an area.
SELECT (SELECT count(*) FROM site WHERE area_id = %(id)s::integer AND retired_at IS NULL) AS sites,
       (SELECT count(*) FROM area WHERE parent_id = %(id)s::integer AND retired_at IS NULL) AS areas
