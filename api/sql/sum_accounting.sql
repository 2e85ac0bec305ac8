-- Sums of the ledger by gateway, for the span of reception hours.
SELECT gateway, sum(messages)::bigint AS messages, sum(received)::bigint AS received, sum(stored)::bigint AS stored,
       sum(duplicate)::bigint AS duplicate, sum(conflict)::bigint AS conflict,
       sum(quarantined)::bigint AS quarantined, sum(rejected)::bigint AS rejected
FROM accounting
WHERE (%(gateway)s::text IS NULL OR gateway = %(gateway)s::text)
  AND hour >= %(from)s::timestamptz AND hour < %(to)s::timestamptz
GROUP BY gateway ORDER BY gateway
