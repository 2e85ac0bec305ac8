-- What was set aside of some sensors in a span, by reason.
SELECT s.code AS sensor, k.reason, sum(k.reading_count)::bigint AS readings, count(*) FILTER (WHERE k.status = 'open') AS open_rows
FROM sensor s JOIN gateway g ON g.id = s.gateway_id JOIN quarantine k ON k.gateway = g.code AND k.sensor IN (s.name, s.code)
WHERE s.id = ANY (%(sensor_ids)s::integer[])
  AND k.last_ts >= %(from)s::timestamptz AND k.last_ts < %(to)s::timestamptz AND k.received_at <= %(known)s::timestamptz
GROUP BY s.code, k.reason ORDER BY s.code, k.reason
