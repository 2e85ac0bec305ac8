-- One page of gateway ids.
SELECT id FROM gateway
WHERE id > %(after)s::bigint AND (%(include_retired)s::boolean OR retired_at IS NULL)
ORDER BY id LIMIT %(limit)s::bigint
