-- Who may log in at the broker: credentials that were not revoked, of gateways that were not retired.
SELECT credential.username, credential.password_hash
FROM gateway_credential AS credential
JOIN gateway ON gateway.id = credential.gateway_id
WHERE credential.revoked_at IS NULL AND gateway.retired_at IS NULL
