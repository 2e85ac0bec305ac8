-- End the live credentials of gateways.
UPDATE gateway_credential SET revoked_at = now()
WHERE gateway_id = ANY (%(gateway_ids)s::integer[]) AND revoked_at IS NULL
