-- One page of area ids.
SELECT id FROM area
WHERE id > %(after)s::bigint
  AND (%(kind)s::text IS NULL OR kind = %(kind)s::text)
  AND (%(parent_id)s::integer IS NULL OR parent_id = %(parent_id)s::integer)
  AND (%(include_retired)s::boolean OR retired_at IS NULL)
ORDER BY id LIMIT %(limit)s::bigint
