-- Readings of some sensors in a span, as they came, known at an instant.
SELECT sensor_id, ts, received_at, value, flag, state FROM reading
WHERE sensor_id = ANY (%(sensor_ids)s::integer[]) AND ts >= %(from)s::timestamptz AND ts < %(to)s::timestamptz
  AND received_at <= %(known)s::timestamptz
ORDER BY sensor_id, ts
