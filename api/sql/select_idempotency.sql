-- What was answered to an Idempotency-Key.
SELECT method_path, body_hash, response FROM idempotency
WHERE actor = %(actor)s::text AND key = %(key)s::text
