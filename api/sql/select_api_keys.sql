-- One page of keys, without the sessions that they opened.
SELECT id, name, role, key_prefix, created_at, expires_at, revoked_at, last_used_at FROM api_key
WHERE session_of IS NULL AND id > %(after)s::bigint
  AND (%(include_revoked)s::boolean OR revoked_at IS NULL)
ORDER BY id LIMIT %(limit)s::bigint
