-- A few live sensors to show on the start page: one of each quantity, each service in turn, as many as fit.
SELECT id FROM (
    SELECT id, row_number() OVER (PARTITION BY service ORDER BY id) AS place
    FROM (
        SELECT DISTINCT ON (s.quantity) s.id, q.service FROM sensor s JOIN quantity q ON q.code = s.quantity
        WHERE s.retired_at IS NULL ORDER BY s.quantity, s.id
    ) one_each
) in_turn
ORDER BY place, id LIMIT %(limit)s::bigint
