-- End a key or a session.
UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE id = %(id)s::integer
RETURNING id, name, role, key_prefix, created_at, expires_at, revoked_at, last_used_at
