-- A new key, or a session that a key opens.
INSERT INTO api_key (name, role, key_prefix, key_hash, session_of, expires_at)
VALUES (%(name)s::text, %(role)s::text, %(key_prefix)s::text, %(key_hash)s::bytea, %(session_of)s::integer,
        %(expires_at)s::timestamptz)
RETURNING id, name, role, key_prefix, created_at, expires_at, revoked_at, last_used_at
