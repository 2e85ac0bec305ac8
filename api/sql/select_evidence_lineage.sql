-- Areas whose values of parameters hold for a site or an area, nearest first: its own with those above it, then free zones.
WITH RECURSIVE begun AS (
    SELECT area_id, false AS is_zone FROM site WHERE id = %(site_id)s::integer
    UNION ALL
    SELECT area_id, true FROM site_zone WHERE site_id = %(site_id)s::integer
    UNION ALL
    SELECT %(area_id)s::integer, false WHERE %(area_id)s::integer IS NOT NULL
), lineage AS (
    SELECT area_id AS begins, is_zone, area_id, 0 AS step FROM begun
    UNION
    SELECT l.begins, l.is_zone, a.parent_id, l.step + 1 FROM lineage l JOIN area a ON a.id = l.area_id
    WHERE a.parent_id IS NOT NULL AND l.step < 32
)
SELECT area_id FROM lineage ORDER BY is_zone, begins, step
