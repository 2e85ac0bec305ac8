-- Patience with locks in this transaction only.
SELECT set_config('lock_timeout', %(lock_timeout_ms)s::text, true)
