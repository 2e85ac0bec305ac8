-- The counts of the start page.
SELECT (SELECT coalesce(sum(stored), 0)::bigint FROM accounting WHERE hour >= %(today)s::timestamptz)
           AS readings_today,
       (SELECT count(*) FROM gateway g JOIN gateway_seen n ON n.gateway = g.code
        WHERE g.retired_at IS NULL AND n.online) AS gateways_online,
       (SELECT count(*) FROM gateway WHERE retired_at IS NULL) AS gateways_total,
       (SELECT count(*) FROM sensor WHERE retired_at IS NULL) AS sensors,
       (SELECT count(*) FROM site WHERE retired_at IS NULL) AS sites,
       (SELECT count(*) FROM area WHERE retired_at IS NULL) AS areas,
       (SELECT count(*) FROM quarantine WHERE status = 'open') AS quarantined_open,
       (SELECT count(*) FROM (SELECT 1 FROM dirty_hour LIMIT 100000) d) AS dirty_hours
