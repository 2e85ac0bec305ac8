-- Retire sensors, by id or all of a gateway.
UPDATE sensor SET retired_at = now(), updated_at = now()
WHERE (id = %(id)s::integer OR gateway_id = %(gateway_id)s::integer) AND retired_at IS NULL
RETURNING id
