-- Make an administrator's key known; tell whether it is live, which it is not when somebody revoked it before.
INSERT INTO api_key (name, role, key_prefix, key_hash)
VALUES ('nhip demo', 'admin', %(key_prefix)s, %(key_hash)s)
ON CONFLICT (key_hash) DO UPDATE SET name = api_key.name
RETURNING revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) AS live
