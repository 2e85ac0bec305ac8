-- One page of interruptions that touch a span.
WITH RECURSIVE tree AS (
    SELECT id FROM area WHERE id = %(area_id)s::integer
    UNION SELECT a.id FROM area a JOIN tree t ON a.parent_id = t.id
)
SELECT i.id, t.code AS site, t.name AS site_name, a.code AS area, s.code AS sensor, i.started_at, i.ended_at,
       extract(epoch FROM i.ended_at - i.started_at)::float8 AS duration_s, i.customers, i.planned,
       i.excluded_reason, i.note, i.updated_at
FROM interruption i JOIN site t ON t.id = i.site_id JOIN area a ON a.id = t.area_id
     LEFT JOIN sensor s ON s.id = i.sensor_id
WHERE i.id > %(after)s::bigint
  AND (%(id)s::bigint IS NULL OR i.id = %(id)s::bigint)
  AND (%(site_id)s::integer IS NULL OR i.site_id = %(site_id)s::integer)
  AND (%(area_id)s::integer IS NULL OR t.area_id IN (SELECT id FROM tree)
       OR t.id IN (SELECT site_id FROM site_zone WHERE area_id IN (SELECT id FROM tree)))
  AND i.started_at < %(to)s::timestamptz AND coalesce(i.ended_at, 'infinity') >= %(from)s::timestamptz
ORDER BY i.id LIMIT %(limit)s::bigint
