-- Quarantine in numbers: by reason, gateway and status; the groups with most readings first.
SELECT reason, gateway, status, count(*) AS count, sum(reading_count)::bigint AS readings,
       sum(octet_length(payload))::bigint AS payload_bytes,
       count(*) FILTER (WHERE status = 'open' AND replay_requested_at IS NOT NULL) AS waiting,
       min(received_at) AS first_received_at, max(received_at) AS last_received_at
FROM quarantine
WHERE (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))
  AND (%(status)s::text IS NULL OR status = %(status)s::text)
  AND (%(gateway)s::text IS NULL OR gateway = %(gateway)s::text)
  AND (%(sensor)s::text IS NULL OR sensor = %(sensor)s::text)
  AND (%(reason)s::text IS NULL OR reason = %(reason)s::text)
GROUP BY reason, gateway, status ORDER BY readings DESC, reason, gateway, status LIMIT %(limit)s::bigint
