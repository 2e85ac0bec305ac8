-- Keep the answer to an Idempotency-Key, without secrets.
UPDATE idempotency SET response = %(response)s::jsonb, status = 201
WHERE actor = %(actor)s::text AND key = %(key)s::text
