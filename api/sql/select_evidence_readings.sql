-- Readings of some sensors in a span, as they came.
SELECT sensor_id, ts, received_at, value, flag, state FROM reading
WHERE sensor_id = ANY (%(sensor_ids)s::integer[]) AND ts >= %(from)s::timestamptz AND ts < %(to)s::timestamptz
ORDER BY sensor_id, ts
