-- Take the lock of a shard if nobody holds it; it lasts as long as the connection.
SELECT pg_try_advisory_lock(%(space)s::integer, %(shard)s::integer)
