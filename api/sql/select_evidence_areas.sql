-- Areas that some sites count in: their own, those above it, and free zones with those above them.
WITH RECURSIVE member AS (
    SELECT id AS site_id, area_id, false AS is_zone, 0 AS step FROM site WHERE id = ANY (%(site_ids)s::integer[])
    UNION
    SELECT site_id, area_id, true, 0 FROM site_zone WHERE site_id = ANY (%(site_ids)s::integer[])
    UNION
    SELECT m.site_id, a.parent_id, m.is_zone, m.step + 1 FROM member m JOIN area a ON a.id = m.area_id
    WHERE a.parent_id IS NOT NULL AND m.step < 32
)
SELECT m.site_id, m.area_id, min(a.time_zone) AS time_zone, min(m.is_zone::int * 100 + m.step) AS rank
FROM member m JOIN area a ON a.id = m.area_id GROUP BY m.site_id, m.area_id ORDER BY m.site_id, rank, m.area_id
