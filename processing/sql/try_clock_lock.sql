-- One engine at a time minds the clock.
SELECT pg_try_advisory_xact_lock(%(space)s::int, 0)
