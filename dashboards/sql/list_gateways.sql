-- Gateways with what was last heard of them, off line first.
SELECT g.code, g.name, coalesce(g.online, false)::text AS online, g.last_seen_at, g.gap_count, g.clock_skew_s,
       coalesce(a.received, 0) AS received, coalesce(a.quarantined, 0) AS quarantined
FROM gateway g
     LEFT JOIN (SELECT gateway, sum(received) AS received, sum(quarantined) AS quarantined
                FROM accounting WHERE $__timeFilter(hour) GROUP BY gateway) a ON a.gateway = g.code
WHERE NOT g.archive
  AND (g.code IN (SELECT s.gateway FROM sensor s WHERE s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring}))
                  AND s.site IN (${site:sqlstring}))
       OR NOT EXISTS (SELECT FROM sensor s WHERE s.gateway = g.code))
ORDER BY (g.online IS TRUE), g.last_seen_at NULLS FIRST
LIMIT 1000
