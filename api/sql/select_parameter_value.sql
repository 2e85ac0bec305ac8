-- The value that a new one replaces: of the same parameter, for the same, from the same day on.
SELECT id FROM indicator_parameter
WHERE indicator = %(indicator)s::text AND name = %(name)s::text
  AND sensor_id IS NOT DISTINCT FROM %(sensor_id)s::integer AND site_id IS NOT DISTINCT FROM %(site_id)s::integer
  AND area_id IS NOT DISTINCT FROM %(area_id)s::integer AND valid_from = %(valid_from)s::date
FOR UPDATE
