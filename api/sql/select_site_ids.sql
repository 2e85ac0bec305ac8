-- One page of site ids, also by an area with all areas below it, and by free zone.
WITH RECURSIVE tree AS (
    SELECT id FROM area WHERE id = %(area_id)s::integer
    UNION SELECT a.id FROM area a JOIN tree t ON a.parent_id = t.id
)
SELECT id FROM site
WHERE id > %(after)s::bigint
  AND (%(kind)s::text IS NULL OR kind = %(kind)s::text)
  AND (%(area_id)s::integer IS NULL OR area_id IN (SELECT id FROM tree)
       OR id IN (SELECT site_id FROM site_zone WHERE area_id IN (SELECT id FROM tree)))
  AND (%(include_retired)s::boolean OR retired_at IS NULL)
ORDER BY id LIMIT %(limit)s::bigint
