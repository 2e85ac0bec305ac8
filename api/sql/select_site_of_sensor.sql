-- Where a sensor stands.
SELECT site_id FROM sensor WHERE id = %(id)s::integer
