-- The key or session with this digest, while it, and the key that opened the session, are good.
SELECT k.id, k.name, k.role, k.key_hash, coalesce(k.session_of, k.id) AS actor_id,
       k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute' AS stale
FROM api_key k LEFT JOIN api_key p ON p.id = k.session_of
WHERE k.key_hash = %(digest)s::bytea
  AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
  AND (p.id IS NULL OR (p.revoked_at IS NULL AND (p.expires_at IS NULL OR p.expires_at > now())))
