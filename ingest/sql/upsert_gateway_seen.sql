-- Note what was heard of gateways: when, batch ids and those still missing, clock skew, birth and last will.
INSERT INTO gateway_seen AS seen (gateway, first_seen_at, last_seen_at, last_batch_id, last_heard, missing, clock_skew_s,
                                  online, status, status_at, throttled_count, throttled_at)
SELECT gateway, heard_at, heard_at, last_batch_id, batch_ids, missing,
       clock_skew_s, online, status::jsonb, status_at, throttled,
       CASE WHEN throttled > 0 THEN heard_at END
FROM unnest(%(gateway)s::text[], %(heard_at)s::timestamptz[], %(last_batch_id)s::numeric[],
            %(batch_ids)s::nummultirange[], %(missing)s::nummultirange[], %(clock_skew_s)s::double precision[], %(online)s::boolean[],
            %(status)s::text[], %(status_at)s::timestamptz[], %(throttled)s::bigint[])
     AS heard(gateway, heard_at, last_batch_id, batch_ids, missing, clock_skew_s, online, status, status_at, throttled)
ON CONFLICT (gateway) DO UPDATE SET
    -- A last will speaks of a gateway, but nothing was heard from it.
    last_seen_at = CASE WHEN excluded.online IS FALSE AND excluded.last_batch_id IS NULL AND excluded.clock_skew_s IS NULL
                        THEN seen.last_seen_at ELSE greatest(seen.last_seen_at, excluded.last_seen_at) END,
    last_batch_id = greatest(seen.last_batch_id, excluded.last_batch_id),
    last_heard = excluded.last_heard,
    missing = missing_ids(seen.missing, seen.last_batch_id, excluded.last_heard),
    clock_skew_s = coalesce(excluded.clock_skew_s, seen.clock_skew_s),
    online = coalesce(excluded.online, seen.online),
    status = coalesce(excluded.status, seen.status),
    status_at = coalesce(excluded.status_at, seen.status_at),
    throttled_count = seen.throttled_count + excluded.throttled_count,
    throttled_at = coalesce(excluded.throttled_at, seen.throttled_at)
