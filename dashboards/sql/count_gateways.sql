-- Gateways that are off line, of those that should be on line.
SELECT count(*) FILTER (WHERE g.online IS NOT TRUE) AS offline, count(*) AS total
FROM gateway g
WHERE NOT g.archive
  AND (g.code IN (SELECT s.gateway FROM sensor s WHERE s.site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring}))
                  AND s.site IN (${site:sqlstring}))
       OR NOT EXISTS (SELECT FROM sensor s WHERE s.gateway = g.code))
