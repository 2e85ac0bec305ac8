-- The live sensor that a gateway calls by this name.
SELECT id, code FROM sensor
WHERE gateway_id = %(gateway_id)s::integer AND name = %(name)s::text AND retired_at IS NULL
