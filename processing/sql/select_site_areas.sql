-- The areas that some sites belong to directly: their own and free zones.
SELECT id AS site_id, area_id, false AS is_zone FROM site WHERE id = ANY(%(site_ids)s::int4[])
UNION ALL
SELECT site_id, area_id, true FROM site_zone WHERE site_id = ANY(%(site_ids)s::int4[])
