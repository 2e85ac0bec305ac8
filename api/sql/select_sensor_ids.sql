-- One page of sensor ids; an area counts with all areas below it and as a free zone.
WITH RECURSIVE tree AS (
    SELECT id FROM area WHERE id = %(area_id)s::integer
    UNION SELECT a.id FROM area a JOIN tree t ON a.parent_id = t.id
), within AS (
    SELECT id FROM site WHERE area_id IN (SELECT id FROM tree)
    UNION SELECT site_id FROM site_zone WHERE area_id IN (SELECT id FROM tree)
)
SELECT id FROM sensor
WHERE id > %(after)s::bigint
  AND (%(sensor_id)s::integer IS NULL OR id = %(sensor_id)s::integer)
  AND (%(gateway_id)s::integer IS NULL OR gateway_id = %(gateway_id)s::integer)
  AND (%(site_id)s::integer IS NULL OR site_id = %(site_id)s::integer)
  AND (%(area_id)s::integer IS NULL OR site_id IN (SELECT id FROM within))
  AND (%(quantity)s::text IS NULL OR quantity = %(quantity)s::text)
  AND (%(include_retired)s::boolean OR retired_at IS NULL)
ORDER BY id LIMIT %(limit)s::bigint
