-- Interruptions that count and began at some sites in some spans; one that goes on lasts to now, in an archive to its end.
SELECT coalesce(array_agg(i.site_id), '{}'), coalesce(array_agg(i.started_at), '{}'),
       coalesce(array_agg(coalesce(i.ended_at, r.last_ts, %(now)s::timestamptz)), '{}'),
       coalesce(array_agg(i.customers), '{}'), coalesce(array_agg(i.ended_at IS NULL AND r.last_ts IS NULL), '{}')
FROM unnest(%(site_ids)s::int4[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS k (site_id, starts, ends)
JOIN interruption i ON i.site_id = k.site_id AND i.started_at >= k.starts AND i.started_at < k.ends
LEFT JOIN LATERAL (
    SELECT max(f.last_ts) AS last_ts FROM sensor s JOIN gateway g ON g.id = s.gateway_id
           JOIN hour_fact f ON f.sensor_id = s.id
    WHERE i.ended_at IS NULL AND s.id = i.sensor_id
      AND (g.archive OR g.retired_at IS NOT NULL OR s.retired_at IS NOT NULL)
) AS r ON true
WHERE i.excluded_reason IS NULL
