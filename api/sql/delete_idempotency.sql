-- Forget answers that are old.
DELETE FROM idempotency WHERE created_at < now() - make_interval(secs => %(keep_s)s::float8)
