-- The target that a new one replaces.
SELECT id FROM target
WHERE programme_id = %(programme_id)s::integer AND indicator = %(indicator)s::text
  AND area_id = %(area_id)s::integer AND period = %(period)s::text
