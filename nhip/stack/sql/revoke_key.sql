-- Take a key back.
UPDATE api_key SET revoked_at = now() WHERE key_hash = %(key_hash)s AND revoked_at IS NULL
