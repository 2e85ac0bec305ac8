-- What is heard but not registered, newest first.
SELECT q.gateway, bool_or(g.id IS NOT NULL) AS gateway_registered, q.sensor, sum(q.reading_count)::bigint AS count,
       max(q.last_ts) AS last_ts,
       (array_agg(q.last_value ORDER BY q.last_ts DESC NULLS LAST))[1] AS last_value,
       (array_agg(q.last_unit ORDER BY q.last_ts DESC NULLS LAST))[1] AS last_unit,
       min(q.received_at) AS first_heard_at, max(q.received_at) AS last_heard_at
FROM quarantine q LEFT JOIN gateway g ON g.code = q.gateway AND g.retired_at IS NULL
WHERE q.status = 'open' AND q.reason IN ('unknown_gateway', 'unknown_sensor')
  AND (%(gateway)s::text IS NULL OR q.gateway = %(gateway)s::text)
GROUP BY q.gateway, q.sensor
ORDER BY max(q.received_at) DESC, q.gateway, q.sensor LIMIT %(limit)s::bigint
