-- Sums of the ledger by gateway, for the span of reception hours, with what was last heard of each gateway.
SELECT sums.*, id_count(n.missing) AS gap_count, n.last_batch_id::text AS last_batch_id, n.clock_skew_s,
       n.first_seen_at, n.last_seen_at, n.throttled_count, n.throttled_at
FROM (SELECT gateway, sum(messages)::bigint AS messages, sum(received)::bigint AS received,
             sum(stored)::bigint AS stored, sum(duplicate)::bigint AS duplicate, sum(conflict)::bigint AS conflict,
             sum(quarantined)::bigint AS quarantined, sum(rejected)::bigint AS rejected,
             bool_and(received = stored + duplicate + conflict + quarantined + rejected) AS balanced
      FROM accounting
      WHERE (%(gateway)s::text IS NULL OR gateway = %(gateway)s::text)
        AND hour >= %(from)s::timestamptz AND hour < %(to)s::timestamptz
      GROUP BY gateway) AS sums
LEFT JOIN gateway_seen n ON n.gateway = sums.gateway
ORDER BY sums.gateway
