-- Interruptions that began at some sites in a span, those that do not count as well. One that goes on lasts to the last
-- word of an archive or of a retired sensor; else nobody knows yet.
SELECT i.site_id, t.code AS site, i.started_at, i.ended_at, r.last_ts AS known_end, i.customers, i.planned,
       i.excluded_reason, i.sensor_id IS NULL AS entered_by_hand, i.updated_at
FROM interruption i JOIN site t ON t.id = i.site_id
LEFT JOIN LATERAL (
    SELECT max(f.last_ts) AS last_ts FROM sensor s JOIN gateway g ON g.id = s.gateway_id
           JOIN hour_fact f ON f.sensor_id = s.id
    WHERE i.ended_at IS NULL AND s.id = i.sensor_id
      AND (g.archive OR g.retired_at IS NOT NULL OR s.retired_at IS NOT NULL)
) AS r ON true
WHERE i.site_id = ANY (%(site_ids)s::integer[]) AND i.started_at >= %(from)s::timestamptz AND i.started_at < %(to)s::timestamptz
ORDER BY i.started_at, i.site_id LIMIT %(limit)s::integer
