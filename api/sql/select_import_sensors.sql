-- The live sensors of the gateways that an import names.
SELECT id, code, gateway_id, name, title, quantity, unit, interval_s, averaging_s, site_id, latitude, longitude
FROM sensor WHERE gateway_id = ANY (%(gateway_ids)s::integer[]) AND retired_at IS NULL
