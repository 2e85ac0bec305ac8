-- Registered gateways with what was last heard of them.
SELECT g.code, g.archive, g.accept_past_s, g.accept_future_s, n.clock_skew_s,
       coalesce(id_count(n.missing), 0) AS missing, coalesce(n.throttled_count, 0) AS throttled,
       coalesce(n.throttled_at > now() - interval '1 day', false) AS floods,
       extract(epoch FROM now() - n.last_seen_at)::double precision AS silent_s, s.interval_s
FROM gateway g LEFT JOIN gateway_seen n ON n.gateway = g.code
     LEFT JOIN LATERAL (SELECT min(interval_s)::double precision AS interval_s FROM sensor
                        WHERE gateway_id = g.id AND retired_at IS NULL) s ON true
WHERE g.retired_at IS NULL ORDER BY g.code
