-- Gateways as they are answered, with what was last heard of them.
SELECT g.id, g.code, g.name, g.payload_format, g.archive, g.accept_past_s, g.accept_future_s, g.retired_at,
       g.created_at, g.updated_at,
       (SELECT count(*) FROM sensor s WHERE s.gateway_id = g.id AND s.retired_at IS NULL) AS sensors,
       EXISTS (SELECT FROM gateway_credential c WHERE c.username = g.code AND c.revoked_at IS NULL)
           AS has_credential,
       n.online, n.status_at, n.last_seen_at, n.clock_skew_s, id_count(n.missing) AS gap_count,
       n.throttled_count, n.throttled_at
FROM gateway g LEFT JOIN gateway_seen n ON n.gateway = g.code
WHERE g.id = ANY (%(ids)s::integer[]) ORDER BY g.id
