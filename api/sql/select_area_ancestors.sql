-- Ids of an area and of all areas above it.
WITH RECURSIVE above AS (
    SELECT id, parent_id FROM area WHERE id = %(id)s::integer
    UNION SELECT a.id, a.parent_id FROM area a JOIN above b ON a.id = b.parent_id
)
SELECT id FROM above
