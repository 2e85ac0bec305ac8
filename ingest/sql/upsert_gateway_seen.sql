-- Note what was heard of gateways: when, last batch, skipped ids, clock skew, birth and last will.
INSERT INTO gateway_seen AS seen (gateway, first_seen_at, last_seen_at, last_batch_id, gap_count, clock_skew_s,
                                  online, status, status_at)
SELECT gateway, heard_at, heard_at, last_batch_id, gap_count, clock_skew_s, online, status::jsonb, status_at
FROM unnest(%(gateway)s::text[], %(heard_at)s::timestamptz[], %(last_batch_id)s::numeric[], %(gap_count)s::bigint[],
            %(clock_skew_s)s::double precision[], %(online)s::boolean[], %(status)s::text[],
            %(status_at)s::timestamptz[])
     AS heard(gateway, heard_at, last_batch_id, gap_count, clock_skew_s, online, status, status_at)
ON CONFLICT (gateway) DO UPDATE SET
    -- A last will speaks of a gateway, but nothing was heard from it.
    last_seen_at = CASE WHEN excluded.online IS FALSE AND excluded.last_batch_id IS NULL AND excluded.clock_skew_s IS NULL
                        THEN seen.last_seen_at ELSE greatest(seen.last_seen_at, excluded.last_seen_at) END,
    last_batch_id = greatest(seen.last_batch_id, excluded.last_batch_id),
    gap_count = seen.gap_count + excluded.gap_count,
    clock_skew_s = coalesce(excluded.clock_skew_s, seen.clock_skew_s),
    online = coalesce(excluded.online, seen.online),
    status = coalesce(excluded.status, seen.status),
    status_at = coalesce(excluded.status_at, seen.status_at)
