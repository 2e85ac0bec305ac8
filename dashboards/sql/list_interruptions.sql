-- Power interruptions that touch the time range, open ones first.
SELECT site_name AS place, area_name AS area, started_at, ended_at,
       extract(epoch FROM coalesce(ended_at, now()) - started_at) AS duration_s, customers, planned::text AS planned,
       excluded_reason
FROM interruption
WHERE started_at <= $__timeTo()::timestamptz AND coalesce(ended_at, now()) >= $__timeFrom()::timestamptz
  AND site IN (SELECT site FROM site_area WHERE area IN (${area:sqlstring})) AND site IN (${site:sqlstring})
ORDER BY (ended_at IS NOT NULL), started_at DESC
LIMIT 500
