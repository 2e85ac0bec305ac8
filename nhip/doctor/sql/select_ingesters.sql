-- Which shards an ingester serves now: it holds the lock of its shard for as long as it is connected.
SELECT objid::bigint AS shard
FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = %(space)s::bigint::oid
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY objid
