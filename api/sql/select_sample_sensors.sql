-- A few live sensors to show on the start page: one of each quantity, as many as fit.
SELECT id FROM (
    SELECT DISTINCT ON (quantity) id FROM sensor WHERE retired_at IS NULL ORDER BY quantity, id
) one_each
ORDER BY id LIMIT %(limit)s::bigint
