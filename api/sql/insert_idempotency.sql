-- Take an Idempotency-Key; nothing is returned when it is taken already (waits while its first use is going on).
INSERT INTO idempotency (key, actor, method_path, body_hash)
VALUES (%(key)s::text, %(actor)s::text, %(method_path)s::text, %(body_hash)s::bytea)
ON CONFLICT (actor, key) DO NOTHING RETURNING key
